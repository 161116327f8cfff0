// SPDX-License-Identifier: Apache-2.0
// The whole data plane in one process: real sockets on loopback, two workers, a backend of our own.
#include "proxy/data_plane.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "async/mailbox.h"
#include "async/scope.h"
#include "conn/h1_server.h"
#include "net/tcp.h"
#include "plan/hash.h"
#include "proxy/metrics.h"

namespace cardea::proxy {
namespace {

using async::kNever;
using async::Task;

// --- A backend that answers "NAME PATH" --------------------------------------------------------------------------------

struct BackendParts {
  async::Loop loop;
  async::Mailbox<bool> end{loop};
  conn::BufferPool pool;
  async::StopSource stop;
  async::TaskScope scope{loop};
  std::unique_ptr<net::TcpListener> listener;
  std::string name;
  std::atomic<int> connections = 0;
};

Task<void> serve_client(BackendParts* backend, net::Descriptor socket) {
  net::TcpStream stream(backend->loop, std::move(socket));
  const http::Limits limits;
  conn::H1Server server(stream, backend->pool, limits);
  while (co_await server.wait_for_request(kNever, async::StopToken(backend->stop)) == conn::H1Server::Waited::Bytes) {
    conn::H1Exchange exchange(server);
    if (co_await exchange.read_head(kNever) != conn::H1Exchange::Read::Request) break;
    const std::string text = backend->name + " " + std::string(exchange.request.path);
    co_await conn::respond_with_text(exchange, 200, "text/plain", text, kNever);
    const bool again = co_await exchange.finish(kNever);
    if (!again) break;
  }
}

Task<void> accept_clients(BackendParts* backend) {
  while (!backend->stop.requested()) {
    auto accepted = backend->listener->try_accept();
    if (accepted.status == net::IoStatus::Ok) {
      ++backend->connections;
      backend->scope.spawn(serve_client, backend, std::move(accepted.socket));
    } else {
      co_await async::wait_any(backend->loop, kNever, backend->listener->acceptable(), backend->stop.signal());
    }
  }
}

Task<void> run_backend(BackendParts& backend) {
  backend.scope.spawn(accept_clients, &backend);
  co_await backend.end.receive();
  backend.stop.request(backend.loop);
  backend.loop.end();
  co_await backend.scope.close();
}

class Backend {
 public:
  explicit Backend(std::string name) {
    parts_.name = std::move(name);
    parts_.listener = std::make_unique<net::TcpListener>(parts_.loop, std::move(*net::listen_tcp(*net::SocketAddress::parse("127.0.0.1", 0))));
    port_ = parts_.listener->address().port();
    thread_ = std::thread([this] { parts_.loop.run(run_backend(parts_)); });
  }
  ~Backend() {
    parts_.end.send(true);
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  int connections() const { return parts_.connections; }

 private:
  BackendParts parts_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// --- Plans -------------------------------------------------------------------------------------------------------------

std::uint16_t free_port() {
  net::Descriptor socket = std::move(*net::listen_tcp(*net::SocketAddress::parse("127.0.0.1", 0)));
  return net::SocketAddress::of_local(socket.get()).port();
}

plan::PlanSet plan_of(std::uint16_t listener_port, std::string prefix, std::uint16_t backend_port, std::string address = "127.0.0.1") {
  const auto backend = plan::seal(plan::Backend{.id = "default/shop:80", .protocol = plan::BackendProtocol::Http1, .hash = {}});
  plan::Rule rule;
  rule.route = {"default", "shop"};
  rule.backends.push_back({.weight = 1, .fault = plan::BackendFault::None, .id = backend->id, .backend = backend, .filters = {}});
  plan::VirtualHost host;
  host.matches.push_back({.path = {plan::PathMatchType::PathPrefix, std::move(prefix)}, .method = {}, .headers = {}, .query_params = {}, .rule = plan::seal(std::move(rule))});
  plan::Listener listener;
  listener.owner = {"default", "gateway"};
  listener.name = "http";
  listener.addresses = {"127.0.0.1"};
  listener.port = listener.bind_port = listener.advertised_port = listener_port;
  listener.virtual_hosts.push_back(plan::seal(std::move(host)));
  plan::Routing routing;
  routing.listeners.push_back(plan::seal(std::move(listener)));
  routing.backends.push_back(backend);
  plan::BackendEndpoints endpoints{.backend_id = backend->id, .endpoints = {{.address = std::move(address), .port = backend_port}}, .hash = {}};
  plan::Endpoints all;
  all.backends.push_back(plan::seal(std::move(endpoints)));
  plan::Plan plan;
  plan.gateway = {"default", "gateway"};
  plan.routing = plan::seal(std::move(routing));
  plan.endpoints = plan::seal(std::move(all));
  plan.secrets = plan::seal(plan::Secrets());
  return {std::make_shared<const plan::Plan>(std::move(plan))};
}

// --- A client that blocks ----------------------------------------------------------------------------------------------

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = *net::SocketAddress::parse("127.0.0.1", port);
    connected_ = connect(socket_.get(), address.get(), address.size()) == 0;
  }
  bool connected() const { return connected_; }
  void send(std::string_view text) { EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size())); }
  // Until the text read so far ends with `end`, or the connection does.
  std::string read_until(std::string_view end) {
    std::string text;
    std::array<char, 256> buffer;
    while (!text.ends_with(end)) {
      const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (got <= 0) return text + "<end>";
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  net::Descriptor socket_;
  bool connected_ = false;
};

constexpr std::string_view kGet = "GET /a/b HTTP/1.1\r\nHost: shop\r\n\r\n";

std::unique_ptr<DataPlane> start() {
  Settings settings;
  settings.workers = 2;
  return std::move(*DataPlane::start(settings, [](std::string_view) {}));
}

TEST(DataPlane, ForwardsAndKeepsBothConnections) {
  Backend backend("one");
  const auto port = free_port();
  auto plane = start();
  const Applied applied = plane->apply(plan_of(port, "/a", backend.port()));
  EXPECT_TRUE(applied.bind_failures.empty());
  EXPECT_EQ(applied.addresses, std::vector<std::string>{"127.0.0.1"});
  Client client(port);
  for (int i = 0; i < 3; ++i) {
    client.send(kGet);
    EXPECT_TRUE(client.read_until("one /a/b").starts_with("HTTP/1.1 200 OK\r\n"));
  }
  EXPECT_EQ(backend.connections(), 1);
  client.send("GET /b HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_until("never").starts_with("HTTP/1.1 404 "));
  EXPECT_NE(plane->metrics().render().find("cardea_http_requests_total"), std::string::npos);
}

TEST(DataPlane, AChangeReachesAConnectionThatStays) {
  Backend one("one");
  Backend two("two");
  const auto port = free_port();
  auto plane = start();
  plane->apply(plan_of(port, "/a", one.port()));
  Client client(port);
  client.send(kGet);
  client.read_until("one /a/b");
  plane->apply(plan_of(port, "/a", two.port()));
  client.send(kGet);
  EXPECT_TRUE(client.read_until("two /a/b").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(DataPlane, AListenerThatGoesIsClosed) {
  Backend backend("one");
  const auto port = free_port();
  auto plane = start();
  plane->apply(plan_of(port, "/", backend.port()));
  EXPECT_TRUE(Client(port).connected());
  plane->apply({});
  EXPECT_FALSE(Client(port).connected());
}

TEST(DataPlane, TellsWhatCannotBeBound) {
  net::Descriptor taken = std::move(*net::listen_tcp(*net::SocketAddress::parse("127.0.0.1", 0)));
  const auto port = net::SocketAddress::of_local(taken.get()).port();
  auto plane = start();
  const Applied applied = plane->apply(plan_of(port, "/", 1));
  ASSERT_EQ(applied.bind_failures.size(), 1u);
  EXPECT_EQ(applied.bind_failures[0].port, port);
  EXPECT_EQ(applied.bind_failures[0].reason, "Address already in use");
}

TEST(DataPlane, ADrainAnswersWhatComesAndCloses) {
  Backend backend("one");
  const auto port = free_port();
  auto plane = start();
  plane->apply(plan_of(port, "/", backend.port()));
  Client client(port);
  client.send(kGet);
  client.read_until("one /a/b");
  EXPECT_FALSE(plane->drained());
  plane->begin_drain();
  client.send(kGet);
  const std::string answer = client.read_until("never");
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("one /a/b<end>")) << answer;
}

TEST(DataPlane, ANameIsFollowedToWhereItLeads) {
  Backend backend("one");
  const auto port = free_port();
  Settings settings;
  settings.workers = 2;
  std::vector<base::IpAddress> known;
  const auto resolve = [&known](std::string_view name) {
    EXPECT_EQ(name, "shop.test");
    return known;
  };
  auto plane = std::move(*DataPlane::start(settings, [](std::string_view) {}, resolve));
  EXPECT_TRUE(plane->names().empty());
  plane->resolve_again();  // before there is anything
  plane->apply(plan_of(port, "/a", backend.port(), "shop.test"));
  EXPECT_EQ(plane->names(), std::vector<std::string>{"shop.test"});
  Client client(port);
  client.send("GET /a/b HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_until("never").starts_with("HTTP/1.1 503 "));
  known = {*base::parse_ip("127.0.0.1")};
  plane->resolve_again();
  Client again(port);
  again.send(kGet);
  EXPECT_TRUE(again.read_until("one /a/b").starts_with("HTTP/1.1 200 OK\r\n"));
  plane->apply({});
  EXPECT_TRUE(plane->names().empty());
}

TEST(DataPlane, NobodyBehindABackendIs503) {
  const auto nobody = free_port();
  const auto port = free_port();
  auto plane = start();
  plane->apply(plan_of(port, "/", nobody));
  Client client(port);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_until("never").starts_with("HTTP/1.1 503 "));
}

}  // namespace
}  // namespace cardea::proxy
