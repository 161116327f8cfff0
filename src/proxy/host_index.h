// SPDX-License-Identifier: Apache-2.0
// Which of a set of hostnames fit a host (facts, 6.8): the exact one, then wildcards from the longest, then the empty
// one that fits every host. Used for the listeners of a bind (the first that fits is the only one) and for the virtual
// hosts of a listener (those that fit are tried in turn). Immutable once built; a search allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cardea::proxy {

class HostIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  // A host of 253 characters has at most 127 labels.
  static constexpr std::size_t kMaxLabels = 127;

  // Positions in `hostnames` that fit, most specific first.
  struct Found {
    std::array<std::uint32_t, kMaxLabels + 2> positions;
    std::size_t count = 0;

    const std::uint32_t* begin() const { return positions.data(); }
    const std::uint32_t* end() const { return positions.data() + count; }
  };

  HostIndex() = default;
  // Lower case; "*.example.com" is a wildcard for any number of labels, at least one; empty fits everything. Of equal
  // ones the first counts. The texts must outlive the index.
  explicit HostIndex(std::span<const std::string_view> hostnames);

  // `host`: lower case, without port and trailing dot. A host that is an IP address fits the empty hostname alone.
  void find(std::string_view host, Found& found) const;
  std::uint32_t best(std::string_view host) const;
  // Where this very hostname stands, or kNone.
  std::uint32_t position(std::string_view hostname) const;

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::string_view text;  // without the "*."
    std::uint32_t exact = kNone;
    std::uint32_t wildcard = kNone;
  };
  Entry& insert(std::string_view text);
  const Entry* lookup(std::uint64_t hash, std::string_view text) const;

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> table_;  // open addressing, a power of two
  std::size_t longest_ = 0;
  std::uint32_t any_ = kNone;
};

}  // namespace cardea::proxy
