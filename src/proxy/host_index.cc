// SPDX-License-Identifier: Apache-2.0
#include "proxy/host_index.h"

#include <algorithm>
#include <bit>

#include "base/strings.h"
#include "proxy/text_hash.h"

namespace cardea::proxy {

namespace {

// A last label of digits alone is no name (RFC 3696 section 2), so the host is an IPv4 address; '[' opens an IPv6 one.
bool is_address(std::string_view host) {
  if (host.empty() || host.front() == '[') return true;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return std::ranges::all_of(last, base::is_digit);
}

// Labels from the last to the first, each with the dot behind it: the start of the one that ends at `end`.
std::size_t label_start(std::string_view host, std::size_t end) {
  const std::size_t dot = end == 0 ? std::string_view::npos : host.rfind('.', end - 1);
  return dot == std::string_view::npos ? 0 : dot + 1;
}

// The hash that find() comes to when it has read all labels of `text`.
std::uint64_t hash_host(std::string_view text) {
  std::uint64_t hash = kHashStart;
  for (std::size_t end = text.size();;) {
    const std::size_t start = label_start(text, end);
    hash = chain_hash(hash, text.substr(start, end - start));
    if (start == 0) return hash;
    end = start - 1;
  }
}

}  // namespace

HostIndex::HostIndex(std::span<const std::string_view> hostnames) {
  entries_.reserve(hostnames.size());
  table_.assign(std::bit_ceil(hostnames.size() * 2 + 2), kNone);
  const auto set_first = [](std::uint32_t& place, std::size_t position) {
    if (place == kNone) place = static_cast<std::uint32_t>(position);
  };
  for (std::size_t i = 0; i < hostnames.size(); ++i) {
    if (hostnames[i].empty()) {
      set_first(any_, i);
    } else if (hostnames[i].starts_with("*.")) {
      set_first(insert(hostnames[i].substr(2)).wildcard, i);
    } else {
      set_first(insert(hostnames[i]).exact, i);
    }
  }
}

HostIndex::Entry& HostIndex::insert(std::string_view text) {
  longest_ = std::max(longest_, text.size());
  const std::uint64_t hash = hash_host(text);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t place = hash & mask;; place = (place + 1) & mask) {
    if (table_[place] == kNone) {
      table_[place] = static_cast<std::uint32_t>(entries_.size());
      return entries_.emplace_back(Entry{hash, text, kNone, kNone});
    }
    Entry& entry = entries_[table_[place]];
    if (entry.hash == hash && entry.text == text) return entry;
  }
}

const HostIndex::Entry* HostIndex::lookup(std::uint64_t hash, std::string_view text) const {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t place = hash & mask; table_[place] != kNone; place = (place + 1) & mask) {
    const Entry& entry = entries_[table_[place]];
    if (entry.hash == hash && entry.text == text) return &entry;
  }
  return nullptr;
}

void HostIndex::find(std::string_view host, Found& found) const {
  found.count = 0;
  if (!entries_.empty() && !is_address(host)) {
    std::uint64_t hash = kHashStart;
    std::uint32_t exact = kNone;
    // Wildcards come from the shortest to the longest.
    for (std::size_t end = host.size(), labels = 0; labels < kMaxLabels; ++labels) {
      const std::size_t start = label_start(host, end);
      if (host.size() - start > longest_) break;
      hash = chain_hash(hash, host.substr(start, end - start));
      if (const Entry* entry = lookup(hash, host.substr(start))) {
        if (start == 0) {
          exact = entry->exact;
        } else if (entry->wildcard != kNone) {
          found.positions[found.count++] = entry->wildcard;
        }
      }
      if (start == 0) break;
      end = start - 1;
    }
    if (exact != kNone) found.positions[found.count++] = exact;
    std::reverse(found.positions.begin(), found.positions.begin() + found.count);
  }
  if (any_ != kNone) found.positions[found.count++] = any_;
}

std::uint32_t HostIndex::position(std::string_view hostname) const {
  if (hostname.empty()) return any_;
  const bool wildcard = hostname.starts_with("*.");
  const std::string_view text = wildcard ? hostname.substr(2) : hostname;
  const Entry* entry = entries_.empty() ? nullptr : lookup(hash_host(text), text);
  if (!entry) return kNone;
  return wildcard ? entry->wildcard : entry->exact;
}

std::uint32_t HostIndex::best(std::string_view host) const {
  Found found;
  find(host, found);
  return found.count == 0 ? kNone : found.positions[0];
}

}  // namespace cardea::proxy
