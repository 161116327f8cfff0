// SPDX-License-Identifier: Apache-2.0
#include "cluster/authority.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "plan/wire.h"

namespace cardea::cluster {
namespace {

constexpr std::chrono::hours kClockSkew{1};

base::Value new_secret(const AuthorityOptions& options) {
  base::Value metadata(base::Value::Object{});
  metadata.add("name", options.secret);
  metadata.add("namespace", options.namespace_);
  base::Value secret(base::Value::Object{});
  secret.add("apiVersion", "v1");
  secret.add("kind", "Secret");
  secret.add("metadata", std::move(metadata));
  secret.add("type", "Opaque");
  return secret;
}

void set_member(base::Value& object, std::string_view name, base::Value value) {
  for (base::Member& member : object.as_object()) {
    if (member.name != name) continue;
    member.value = std::move(value);
    return;
  }
  object.add(std::string(name), std::move(value));
}

}  // namespace

Authority::Authority(kube::Client& client, AuthorityOptions options, base::WallTime (*now)(), std::function<void()> changed)
    : client_(client), options_(std::move(options)), now_(now), changed_(std::move(changed)) {}

async::Task<void> Authority::run(async::StopToken stop) {
  async::Loop& loop = client_.loop();
  while (!stop.requested() && !loop.ended()) {
    const auto looked = co_await look();
    const std::string problem = looked ? "" : looked.error().message;
    if (!problem.empty() && problem != problem_) base::log_error("the controllers' CA: {}", problem);
    problem_ = problem;
    const auto pause = looked ? options_.look_every : options_.retry;
    co_await async::wait_any(loop, loop.after(static_cast<std::uint64_t>(pause.count())), stop.signal());
  }
}

// Reads the Secret, moves it on where that is due, and takes what stands there. Whose write comes second reads again.
async::Task<base::Result<>> Authority::look() {
  const kube::ObjectPath path{kube::resource::kSecrets, options_.namespace_, options_.secret};
  auto live = co_await client_.get(path);
  if (!live && !live.error().not_found()) co_return base::fail(live.error().message);
  std::optional<CaState> state;
  if (live) {
    if (const base::Value* data = live->find("data")) state = from_data(*data);
    if (!state) base::log_warn("Secret {}/{} holds no CA; a new one is made", options_.namespace_, options_.secret);
  }
  const auto next = advance(state, options_.policy, now_());
  if (!next) co_return std::unexpected(next.error());
  if (*next) {
    auto written = co_await write(**next, live ? std::optional(*std::move(live)) : std::nullopt);
    if (!written) co_return written;
    state = *next;
  }
  co_return take(*state);
}

async::Task<base::Result<>> Authority::write(const CaState& state, std::optional<base::Value> live) {
  const bool exists = live.has_value();
  base::Value secret = exists ? *std::move(live) : new_secret(options_);
  set_member(secret, "data", to_data(state));
  const auto answer = exists ? co_await client_.replace({kube::resource::kSecrets, options_.namespace_, options_.secret}, std::move(secret))
                             : co_await client_.create(kube::resource::kSecrets, options_.namespace_, std::move(secret));
  if (!answer) co_return base::fail(answer.error().message);
  base::log_info("Secret {}/{}: {}", options_.namespace_, options_.secret,
                 !exists ? "the CA was made" : state.next ? "the next CA is trusted from now on" : "the CA was moved on");
  co_return base::Result<>();
}

base::Result<> Authority::take(const CaState& state) {
  const bool old = now_() >= issued_at_ + options_.policy.server_life * 2 / 3;
  if (!identity_ || issued_by_ != state.current.certificate_pem || old) {
    if (auto issued = issue(state); !issued) return issued;
  }
  std::string bundle = state.bundle();
  if (bundle == bundle_) return {};
  bundle_ = std::move(bundle);
  changed_();
  return {};
}

base::Result<> Authority::issue(const CaState& state) {
  const base::WallTime now = now_();
  const auto issued =
      base::issue_server_certificate(state.current, {std::string(plan::wire::kAudience)}, {now - kClockSkew, now + options_.policy.server_life});
  if (!issued) return std::unexpected(issued.error());
  net::TlsContextOptions options;
  options.certificates = {{issued->certificate_pem, issued->key_pem}};
  options.alpn = {"http/1.1"};
  options.rules.min_version = net::TlsVersion::Tls13;  // both ends are ours
  auto context = net::TlsContext::create(options);
  if (!context) return std::unexpected(std::move(context).error());
  identity_ = *std::move(context);
  issued_by_ = state.current.certificate_pem;
  issued_at_ = now;
  return {};
}

}  // namespace cardea::cluster
