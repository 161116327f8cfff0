// SPDX-License-Identifier: Apache-2.0
#include "kube/connect.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "kube/testing/fake_api_server.h"
#include "net/testing/certificates.h"

namespace cardea::kube {
namespace {

using async::Task;
using net::testing::Issued;
using testing::FakeApiServer;

const ResourceType kRoutes{"gateway.networking.k8s.io", "v1", "httproutes"};

class One final : public net::TlsSelector {
 public:
  const net::TlsContext* select(std::string_view name) override {
    asked = name;
    return context.get();
  }
  std::shared_ptr<const net::TlsContext> context;
  std::string asked;
};

// An API server with a certificate for "api.example", which asks clients for theirs, and a client whose files change.
class SecureApi {
 public:
  explicit SecureApi(async::Loop& loop) : loop_(loop), server(loop) {
    server.add_kind(kRoutes, "HTTPRoute");
    server.put_json(kRoutes, R"({"metadata":{"name":"r","namespace":"shop"},"spec":{}})");
    server.speak_tls(front_, selector);
    trust(first_users);
    config = server.config();
    config.tls = true;
    config.tls_server_name = "api.example";
    config.ca.file = write("ca", ca_.certificate());
    config.client_certificate.file = write("certificate", first.certificate());
    config.client_key.file = write("key", first.key());
  }

  // From now on users are those of this CA.
  void trust(const Issued& users) {
    const net::testing::Pem own = leaf_.pem();
    const std::string anchor = users.certificate();
    net::TlsContextOptions options;
    options.certificates = {{own.chain, own.key}};
    options.clients = net::ClientCertificateRules{.ca_pem = {anchor}, .required = true};
    options.session_scope = anchor;
    selector.context = contexts_.emplace_back(*net::TlsContext::create(options));
  }
  static std::string write(std::string_view name, std::string_view content) {
    const std::string file = ::testing::TempDir() + "/cardea-api-" + std::string(name);
    EXPECT_TRUE(base::write_file_atomically(file, content));
    return file;
  }
  // Asks again and again, until the client has made so many connections; every answer must be good.
  Task<void> ask_until(Client& client, std::uint64_t connections) {
    const auto deadline = loop_.after(10'000);
    do {
      const auto answer = co_await client.get({kRoutes, "shop", "r", {}});
      EXPECT_TRUE(answer) << answer.error().message;
      if (!answer || client.metrics().connections.value() >= connections) break;
      co_await async::sleep(loop_, 50);
    } while (loop_.now() < deadline);
    EXPECT_EQ(client.metrics().connections.value(), connections);
  }

  Issued first_users{"users", ""};
  Issued second_users{"users-2", ""};
  Issued first{"cardea", "DNS:cardea", &first_users};
  Issued second{"cardea", "DNS:cardea", &second_users};
  One selector;
  Config config;

 private:
  async::Loop& loop_;
  std::vector<std::shared_ptr<const net::TlsContext>> contexts_;  // kept connections go on with theirs
  net::TicketKeys keys_;
  net::TlsFront front_{keys_};
  Issued ca_{"api-ca", ""};
  Issued leaf_{"api", "DNS:api.example", &ca_};

 public:
  FakeApiServer server;
};

using Test = Task<void> (*)(SecureApi&, async::Loop&);
Task<int> with_api(async::Loop& loop, Test test) {
  SecureApi api(loop);
  co_await test(api, loop);
  co_await api.server.stop();
  co_return 0;
}
void run(Test test) {
  async::Loop loop;
  loop.run(with_api(loop, test));
}

TEST(Connect, ClientCertificatesAreReadAgainAlsoWhileAConnectionIsKept) {
  run([](SecureApi& api, async::Loop& loop) -> Task<void> {
    Client client(loop, api.config);
    co_await api.ask_until(client, 1);
    EXPECT_EQ(api.selector.asked, "api.example") << "tls-server-name";
    // One file of the pair is the new one already: what was good goes on.
    SecureApi::write("certificate", api.second.certificate());
    co_await api.ask_until(client, 2);
    api.trust(api.second_users);
    SecureApi::write("key", api.second.key());
    co_await api.ask_until(client, 3);
  });
}

TEST(Connect, AnotherServerIsRefused) {
  run([](SecureApi& api, async::Loop& loop) -> Task<void> {
    Config config = api.config;
    config.tls_server_name = "other.example";
    Client client(loop, config);
    const auto answer = co_await client.get({kRoutes, "shop", "r", {}});
    EXPECT_FALSE(answer);
    EXPECT_TRUE(answer.error().message.contains("the TLS handshake failed")) << answer.error().message;
    Config stranger = api.config;
    stranger.ca = {.text = api.first_users.certificate(), .file = {}};
    Client distrustful(loop, stranger);
    EXPECT_FALSE(co_await distrustful.get({kRoutes, "shop", "r", {}}));
    EXPECT_TRUE(api.server.requests.empty());
  });
}

Task<int> kept_alive(async::Loop& loop) {
  FakeApiServer server(loop);
  const Config config = server.config();
  Credentials credentials(config);
  {
    auto opened = co_await Connector(config, credentials).open(loop, loop.after(5000));
    EXPECT_TRUE(opened);
    const auto& stream = dynamic_cast<const net::TcpStream&>(*opened->stream);
    const auto option = [&stream](int level, int name) {
      int value = 0;
      socklen_t size = sizeof value;
      EXPECT_EQ(getsockopt(stream.descriptor(), level, name, &value, &size), 0);
      return value;
    };
    EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), kKeepAliveIdle);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), kKeepAliveInterval);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), kKeepAliveCount);
  }
  co_await server.stop();
  co_return 0;
}

TEST(Connect, AServerThatIsGoneWithoutAWordIsFoundOut) {
  async::Loop loop;
  loop.run(kept_alive(loop));
}

}  // namespace
}  // namespace cardea::kube
