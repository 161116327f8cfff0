// SPDX-License-Identifier: Apache-2.0
#include "cluster/ca_rotation.h"

#include <utility>

#include "base/strings.h"
#include "base/x509.h"

namespace cardea::cluster {
namespace {

// Clocks differ: what was made now is good a little before.
constexpr std::chrono::hours kClockSkew{1};

base::Result<base::IssuedCertificate> fresh_ca(const CaPolicy& policy, base::WallTime now) {
  return base::make_ca("Cardea controllers", {now - kClockSkew, now + policy.life});
}

// When it was made; nothing when it is no CA with its key, or is out of time.
std::optional<base::WallTime> made_at(const base::IssuedCertificate& ca, base::WallTime now) {
  const auto info = base::check_certificate(ca.certificate_pem, ca.key_pem);
  if (!info || info->not_before > now + kClockSkew || info->not_after <= now) return std::nullopt;
  return info->not_before + kClockSkew;
}

std::string text_in(const base::Value& data, std::string_view name) {
  const base::Value* value = data.find(name);
  if (!value || !value->is_string()) return {};
  return base::decode_base64(value->as_string()).value_or("");
}

}  // namespace

std::string CaState::bundle() const { return current.certificate_pem + (next ? next->certificate_pem : "") + previous_pem; }

base::Result<std::optional<CaState>> advance(const std::optional<CaState>& state, const CaPolicy& policy, base::WallTime now) {
  const auto current = state ? made_at(state->current, now) : std::nullopt;
  if (!current) {
    auto ca = fresh_ca(policy, now);
    if (!ca) return std::unexpected(std::move(ca).error());
    return CaState{*std::move(ca), std::nullopt, ""};
  }
  CaState changed = *state;
  bool differs = false;
  if (changed.next) {
    const auto next = made_at(*changed.next, now);
    if (!next) {
      changed.next.reset();
      differs = true;
    } else if (now >= *next + policy.overlap) {
      changed.previous_pem = changed.current.certificate_pem;
      changed.current = *std::exchange(changed.next, std::nullopt);
      return changed;
    }
  } else if (now >= *current + policy.replace_after) {
    auto ca = fresh_ca(policy, now);
    if (!ca) return std::unexpected(std::move(ca).error());
    changed.next = *std::move(ca);
    differs = true;
  }
  // It became the current one an overlap after it was made.
  if (!changed.previous_pem.empty() && now >= *current + 2 * policy.overlap) {
    changed.previous_pem.clear();
    differs = true;
  }
  if (!differs) return std::optional<CaState>();
  return changed;
}

base::Value to_data(const CaState& state) {
  base::Value data(base::Value::Object{});
  data.add("ca.crt", base::encode_base64(state.current.certificate_pem));
  data.add("ca.key", base::encode_base64(state.current.key_pem));
  if (state.next) {
    data.add("next.crt", base::encode_base64(state.next->certificate_pem));
    data.add("next.key", base::encode_base64(state.next->key_pem));
  }
  if (!state.previous_pem.empty()) data.add("previous.crt", base::encode_base64(state.previous_pem));
  return data;
}

std::optional<CaState> from_data(const base::Value& data) {
  CaState state{{text_in(data, "ca.crt"), text_in(data, "ca.key")}, std::nullopt, text_in(data, "previous.crt")};
  if (state.current.certificate_pem.empty() || state.current.key_pem.empty()) return std::nullopt;
  if (const std::string next = text_in(data, "next.crt"); !next.empty()) state.next = base::IssuedCertificate{next, text_in(data, "next.key")};
  // Who damaged it must not make proxies trust nothing.
  if (!state.previous_pem.empty() && !base::check_ca_bundle(state.previous_pem)) state.previous_pem.clear();
  return state;
}

}  // namespace cardea::cluster
