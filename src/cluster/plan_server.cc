// SPDX-License-Identifier: Apache-2.0
#include "cluster/plan_server.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "cluster/plan_stream.h"
#include "conn/h1_server.h"
#include "plan/wire.h"

namespace cardea::cluster {
namespace {

namespace wire = plan::wire;

constexpr std::uint64_t kLinger = 1'000;
constexpr std::uint64_t kAcceptPause = 100;
constexpr std::uint64_t kForgetPause = 500;

// Always the context of the moment; the connection keeps it for as long as it needs it.
class Selector final : public net::TlsSelector {
 public:
  explicit Selector(std::shared_ptr<const net::TlsContext> context) : context_(std::move(context)) {}
  const net::TlsContext* select(std::string_view) override { return context_.get(); }

 private:
  std::shared_ptr<const net::TlsContext> context_;
};

std::uint64_t count(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

std::string_view bearer_of(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos || !base::iequals(authorization.substr(0, space), "Bearer")) return {};
  return base::trim(authorization.substr(space));
}

}  // namespace

PlanServer::PlanServer(async::Loop& loop, PlanServerOptions options, Identity identity, Authenticate authenticate)
    : loop_(loop),
      options_(std::move(options)),
      identity_(std::move(identity)),
      authenticate_(std::move(authenticate)),
      tasks_(loop),
      front_(ticket_keys_) {
  tasks_.spawn(&PlanServer::forget_gone, this);
}

PlanServer::~PlanServer() = default;

base::Result<base::IpPort> PlanServer::listen(const base::IpPort& address) {
  const auto where = net::SocketAddress::parse(base::to_string(address.address), address.port);
  if (!where) return base::fail(fmt::format("{} is not an address to listen on", base::to_string(address)));
  auto free = address.port == 0 ? base::Result<>() : net::probe_tcp(*where);
  auto listening = free ? net::listen_tcp(*where) : std::unexpected(std::move(free).error());
  if (!listening) return base::fail(fmt::format("cannot listen on {}: {}", base::to_string(address), listening.error().message));
  const base::IpPort bound{address.address, net::SocketAddress::of_local(listening->get()).port()};
  tasks_.spawn(&PlanServer::accept, this, *std::move(listening));
  return bound;
}

async::Task<void> PlanServer::stop() {
  stop_.request(loop_);
  co_await tasks_.close();
}

void PlanServer::permit(std::map<plan::ObjectName, plan::ObjectName> gateways_by_account) {
  if (gateways_by_account == gateways_by_account_) return;
  gateways_by_account_ = std::move(gateways_by_account);
  published_.raise(loop_);
}

void PlanServer::publish(const plan::PlanSet& plans) {
  proxies_.publish(plans);
  published_.raise(loop_);
}

async::Deadline PlanServer::proof_ends() const { return loop_.after(count(options_.limits.proof_timeout)); }

void PlanServer::tell_changed() {
  metrics_.reports.add();
  changed_.raise(loop_);
}

// Who left without a word is counted for a while, and then not any more.
async::Task<void> PlanServer::forget_gone(PlanServer* self) {
  while (!self->stop_.requested() && !self->loop_.ended()) {
    const std::size_t before = self->proxies_.size();
    self->proxies_.forget_gone(std::chrono::steady_clock::now());
    if (self->proxies_.size() != before) self->changed_.raise(self->loop_);
    co_await async::wait_any(self->loop_, self->loop_.after(kForgetPause), self->stop_.signal());
  }
}

async::Task<void> PlanServer::accept(PlanServer* self, net::Descriptor listening) {
  net::TcpListener listener(self->loop_, std::move(listening));
  while (!self->stop_.requested() && !self->loop_.ended()) {
    net::TcpListener::Accepted accepted = listener.try_accept();
    if (accepted.status == net::IoStatus::WouldBlock) {
      co_await async::wait_any(self->loop_, async::kNever, listener.acceptable(), self->stop_.signal());
    } else if (accepted.status != net::IoStatus::Ok) {
      co_await async::wait_any(self->loop_, self->loop_.after(kAcceptPause), self->stop_.signal());
    } else if (self->unproven_ >= self->options_.limits.max_unproven) {
      self->metrics_.refused.add();
    } else {
      self->tasks_.spawn(&PlanServer::serve, self, std::move(accepted.socket), accepted.peer);
    }
  }
}

async::Task<void> PlanServer::serve(PlanServer* self, net::Descriptor socket, net::SocketAddress peer) {
  ++self->unproven_;
  bool proven = false;
  Selector selector(self->identity_());
  net::TlsServerStream stream(std::make_unique<net::TcpStream>(self->loop_, std::move(socket)), self->front_);
  const auto handshake = co_await stream.accept(selector, self->proof_ends());
  if (handshake == net::TlsHandshake::Done) {
    co_await self->serve_requests(stream, peer.text(), proven);
  } else {
    self->metrics_.refused.add();
    base::log_debug("plan server: TLS with {} failed: {}", peer.text(), stream.error());
  }
  if (!proven) --self->unproven_;
}

// One request a connection: that is what a stream needs, and who is refused starts anew.
async::Task<void> PlanServer::serve_requests(net::Stream& stream, const std::string& peer, bool& proven) {
  conn::H1Server server(stream, buffers_, limits_);
  const auto waited = co_await server.wait_for_request(proof_ends(), async::StopToken(stop_));
  if (waited != conn::H1Server::Waited::Bytes) co_return;
  conn::H1Exchange exchange(server);
  const auto read = co_await exchange.read_head(proof_ends());
  exchange.close_after();
  if (read == conn::H1Exchange::Read::Request) {
    co_await answer(exchange, peer, proven);
  } else if (read == conn::H1Exchange::Read::Malformed) {
    co_await conn::respond_with_text(exchange, http::fault_status(exchange.fault()), "text/plain", http::fault_text(exchange.fault()),
                                     proof_ends());
  } else {
    co_return;
  }
  co_await exchange.finish(proof_ends());
  if (!exchange.cut()) co_await server.linger(loop_.after(kLinger));
}

async::Task<std::expected<std::pair<plan::ObjectName, Caller>, Refused>> PlanServer::admit(conn::Exchange& exchange) {
  const http::RequestHead& request = exchange.request;
  if (request.path != wire::kPath) co_return std::unexpected(Refused{404, "there is nothing but " + std::string(wire::kPath)});
  if (request.method != http::Method::Post) co_return std::unexpected(Refused{405, "only POST"});
  const http::Field* const version = request.fields.find(wire::kVersionField);
  const auto agreed = wire::agree(wire::kVersion, version ? version->value : std::string_view());
  if (!agreed) co_return std::unexpected(Refused{400, agreed.error().message});
  const std::string_view token = bearer_of(request.fields.get(http::HeaderId::Authorization));
  if (token.empty()) co_return std::unexpected(Refused{401, "a bearer token is needed"});
  auto caller = co_await authenticate_(std::string(token));
  if (!caller) co_return std::unexpected(std::move(caller).error());
  const auto gateway = gateways_by_account_.find(caller->account);
  if (gateway == gateways_by_account_.end()) {
    co_return std::unexpected(
        Refused{403, fmt::format("ServiceAccount {}/{} runs no proxy of a Gateway that is served here", caller->account.namespace_, caller->account.name)});
  }
  if (!proxies_.published()) co_return std::unexpected(Refused{503, "this controller does not have all objects yet"});
  co_return std::pair(gateway->second, *std::move(caller));
}

async::Task<void> PlanServer::answer(conn::Exchange& exchange, const std::string& peer, bool& proven) {
  auto admitted = co_await admit(exchange);
  if (!admitted) {
    metrics_.refused.add();
    base::log_debug("plan server: {} is refused: {}", peer, admitted.error().why);
    co_await conn::respond_with_text(exchange, admitted.error().status, "text/plain", admitted.error().why + "\n", proof_ends());
    co_return;
  }
  proven = true;
  --unproven_;
  const plan::ObjectName gateway = std::move(admitted->first);
  const Caller caller = std::move(admitted->second);
  http::ResponseHead head;
  head.status = 200;
  head.fields.append("Content-Type", wire::kContentType);
  const std::string version = std::to_string(wire::kVersion);
  head.fields.append(wire::kVersionField, version);
  exchange.respond(head);

  PlanStream::Context context{
      .proxies = proxies_,
      .published = published_,
      .observed = [this] { tell_changed(); },
      .permitted =
          [this, &caller, &gateway] {
            const auto found = gateways_by_account_.find(caller.account);
            return found != gateways_by_account_.end() && found->second == gateway;
          },
      .stop = async::StopToken(stop_),
      .controller = options_.controller,
      .version = options_.version,
      .stream_life = count(options_.limits.stream_life),
      .report_timeout = count(options_.limits.report_timeout)};
  PlanStream stream(exchange, std::move(context), ++last_stream_, gateway, caller.pod);
  metrics_.streams.add();
  const std::string why = co_await stream.run();
  metrics_.streams.sub();
  base::log_info("the stream of proxy {}/{} at {} has ended: {}", gateway.namespace_, stream.name(), peer, why);
}

}  // namespace cardea::cluster
