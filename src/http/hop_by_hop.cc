// SPDX-License-Identifier: Apache-2.0
#include "http/hop_by_hop.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "http/framing.h"
#include "http/list.h"
#include "http/syntax.h"

namespace cardea::http {
namespace {

constexpr HeaderMask kAlways = header_bit(HeaderId::Connection) | header_bit(HeaderId::KeepAlive) |
                               header_bit(HeaderId::ProxyConnection) | header_bit(HeaderId::TransferEncoding) |
                               header_bit(HeaderId::Http2Settings);
constexpr HeaderMask kConcerned = kAlways | header_bit(HeaderId::Upgrade) | header_bit(HeaderId::Te);
// Removed or kept by other rules than nomination; TE and Upgrade must be nominated when they are sent at all.
constexpr HeaderMask kOwnRules = kConcerned;
constexpr HeaderMask kRefused =
    header_bit(HeaderId::Host) | header_bit(HeaderId::ContentLength) | header_bit(HeaderId::TransferEncoding);

// What Connection nominates, over all its lines.
class Nominated {
 public:
  Fault read(const Fields& fields) {
    for (const Field& field : fields) {
      if (field.id != HeaderId::Connection) continue;
      ListItems items(field.value);
      while (const auto item = items.next()) {
        if (const Fault fault = add(*item); fault != Fault::None) return fault;
      }
    }
    return Fault::None;
  }

  bool contains(const Field& field) const {
    if (field.id != HeaderId::Unknown) return (ids_ & header_bit(field.id)) != 0;
    return std::any_of(names_.begin(), names_.begin() + count_,
                       [&](std::string_view name) { return equal_ignoring_case(name, field.name); });
  }

 private:
  Fault add(std::string_view option) {
    if (!is_token(option)) return Fault::BadConnectionOption;
    if (equal_ignoring_case(option, "close")) return Fault::None;
    const HeaderId id = header_id(option);
    if ((header_bit(id) & kRefused) != 0) return Fault::BadConnectionOption;
    ids_ |= header_bit(id) & ~kOwnRules;
    if (id != HeaderId::Unknown) return Fault::None;
    if (count_ == names_.size()) return Fault::BadConnectionOption;
    names_[count_++] = option;
    return Fault::None;
  }

  HeaderMask ids_ = 0;
  std::size_t count_ = 0;
  std::array<std::string_view, 32> names_;
};

}  // namespace

Fault strip_hop_by_hop(Fields& fields, bool keep_upgrade) {
  if ((fields.present() & kConcerned) == 0) return Fault::None;
  Nominated nominated;
  if (const Fault fault = nominated.read(fields); fault != Fault::None) return fault;
  const bool keep_te = list_contains(fields, HeaderId::Te, "trailers");
  const HeaderMask removed =
      kAlways | (keep_upgrade ? 0 : header_bit(HeaderId::Upgrade)) | (keep_te ? 0 : header_bit(HeaderId::Te));
  fields.remove_if(
      [&](const Field& field) { return (header_bit(field.id) & removed) != 0 || nominated.contains(field); });
  if (keep_te) fields.set(HeaderId::Te, "trailers");
  return Fault::None;
}

}  // namespace cardea::http
