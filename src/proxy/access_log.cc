// SPDX-License-Identifier: Apache-2.0
#include "proxy/access_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/strings.h"

namespace cardea::proxy {

namespace {

// Longest texts by kind, before escaping; one byte becomes six at most.
constexpr std::size_t kMaxShort = 256;
constexpr std::size_t kMaxAgent = 512;
// More than every field of an entry at its longest.
constexpr std::size_t kMaxLine = 64 * 1024;

constexpr bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\' || c >= 0x7f; }

// Writes one line; the buffer holds kMaxLine bytes, which the limits above keep it within.
class Line {
 public:
  explicit Line(char* out) : begin_(out), next_(out) { put("{"); }

  void text(std::string_view key, std::string_view value, std::size_t limit = kMaxShort) {
    if (value.empty()) return;
    open(key);
    *next_++ = '"';
    escaped(value.substr(0, limit));
    if (value.size() > limit) put("...");
    *next_++ = '"';
  }
  void name(std::string_view key, const plan::ObjectName& value) {
    open(key);
    *next_++ = '"';
    escaped(std::string_view(value.namespace_).substr(0, kMaxShort));
    *next_++ = '/';
    escaped(std::string_view(value.name).substr(0, kMaxShort));
    *next_++ = '"';
  }
  void number(std::string_view key, std::uint64_t value) {
    open(key);
    next_ = std::to_chars(next_, next_ + 20, value).ptr;
  }
  // Milliseconds with three digits behind the point.
  void duration(std::string_view key, std::chrono::microseconds value) {
    const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
    number(key, count / 1000);
    *next_++ = '.';
    digits(count % 1000, 3);
  }
  // RFC 3339 in UTC with milliseconds.
  void time(std::string_view key, base::WallTime value) {
    using namespace std::chrono;
    const auto day = floor<days>(value);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<milliseconds>(value - day));
    open(key);
    *next_++ = '"';
    digits(static_cast<std::uint64_t>(std::clamp(static_cast<int>(date.year()), 0, 9999)), 4);
    *next_++ = '-';
    digits(static_cast<unsigned>(date.month()), 2);
    *next_++ = '-';
    digits(static_cast<unsigned>(date.day()), 2);
    *next_++ = 'T';
    digits(static_cast<std::uint64_t>(clock.hours().count()), 2);
    *next_++ = ':';
    digits(static_cast<std::uint64_t>(clock.minutes().count()), 2);
    *next_++ = ':';
    digits(static_cast<std::uint64_t>(clock.seconds().count()), 2);
    *next_++ = '.';
    digits(static_cast<std::uint64_t>(clock.subseconds().count()), 3);
    put("Z\"");
  }

  std::string_view finish() {
    put("}\n");
    return {begin_, next_};
  }

 private:
  void put(std::string_view text) {
    std::memcpy(next_, text.data(), text.size());
    next_ += text.size();
  }
  void open(std::string_view key) {
    if (next_ != begin_ + 1) *next_++ = ',';
    *next_++ = '"';
    put(key);
    put("\":");
  }
  void digits(std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i, value /= 10) next_[i] = static_cast<char>('0' + value % 10);
    next_ += count;
  }

  // JSON's escapes (RFC 8259 section 7). Well-formed UTF-8 stays as it is; other bytes from 0x80 on are written as the
  // code points of Latin-1, so that the line is valid and nothing is lost.
  void escaped(std::string_view text) {
    std::size_t plain = 0;
    while (plain < text.size() && !needs_escape(static_cast<unsigned char>(text[plain]))) ++plain;
    put(text.substr(0, plain));
    if (plain == text.size()) return;
    const bool keep_utf8 = base::is_utf8(text);
    for (const char c : text.substr(plain)) escaped(c, keep_utf8);
  }
  void escaped(char c, bool keep_utf8) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (!needs_escape(byte) || (byte >= 0x80 && keep_utf8)) {
      *next_++ = c;
    } else if (c == '"' || c == '\\') {
      *next_++ = '\\';
      *next_++ = c;
    } else {
      put("\\u00");
      *next_++ = kDigits[byte >> 4];
      *next_++ = kDigits[byte & 15];
    }
  }

  char* begin_;
  char* next_;
};

std::string_view kind_of(const plan::Rule& rule) {
  return rule.kind == plan::RouteKind::GRPCRoute ? "GRPCRoute" : "HTTPRoute";
}

void write_place(Line& line, const AccessLogEntry& entry) {
  if (entry.gateway) line.name("gateway", *entry.gateway);
  if (entry.listener) {
    if (entry.listener->from_listener_set) line.name("listener_set", entry.listener->owner);
    line.text("listener", entry.listener->name);
  }
  if (entry.rule) {
    line.text("route_kind", kind_of(*entry.rule));
    line.name("route", entry.rule->route);
    line.number("rule", entry.rule->index);
    line.text("rule_name", entry.rule->name);
  }
  line.text("backend", entry.backend, 2 * kMaxShort);
  line.text("endpoint", entry.endpoint);
}

void write_outcome(Line& line, const AccessLogEntry& entry) {
  line.number("status", entry.status);
  line.text("status_by", entry.status_by_backend ? "backend" : "gateway");
  if (entry.grpc_status) line.number("grpc_status", *entry.grpc_status);
  if (entry.backend_status != 0) line.number("backend_status", entry.backend_status);
  if (entry.failure) {
    const FailureInfo& info = describe(entry.failure.reason);
    line.text("reason", info.name);
    line.text("side", name_of(info.side));
    line.text("detail", entry.failure.detail);
  }
  line.duration("duration_ms", entry.duration);
  if (entry.backend_duration.count() >= 0) line.duration("backend_ms", entry.backend_duration);
  line.number("bytes_in", entry.bytes_in);
  line.number("bytes_out", entry.bytes_out);
  line.number("tries", entry.tries);
}

}  // namespace

AccessLog::AccessLog(std::size_t capacity, base::Counter& lines, base::Counter& dropped)
    : capacity_(std::max(capacity, 2 * kMaxLine)),
      ring_(std::make_unique_for_overwrite<char[]>(capacity_)),
      scratch_(std::make_unique_for_overwrite<char[]>(kMaxLine)),
      lines_(lines),
      dropped_(dropped) {}

void AccessLog::write(const AccessLogEntry& entry) {
  Line line(scratch_.get());
  line.time("time", entry.time);
  line.text("request_id", entry.request_id);
  line.text("trace_id", entry.trace_id);
  line.text("client", entry.client);
  line.text("peer", entry.peer);
  write_place(line, entry);
  line.text("method", entry.method);
  line.text("host", entry.host);
  line.text("path", entry.path, kMaxText);
  line.text("protocol", entry.protocol);
  line.text("user_agent", entry.user_agent, kMaxAgent);
  write_outcome(line, entry);
  (append(line.finish()) ? lines_ : dropped_).add();
}

bool AccessLog::append(std::string_view line) {
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  const std::size_t place = written % capacity_;
  const std::size_t to_end = capacity_ - place;
  const bool wraps = line.size() > to_end;
  const std::size_t needed = line.size() + (wraps ? to_end : 0);
  if (written + needed - read_.load(std::memory_order_acquire) > capacity_) return false;
  if (wraps) std::memset(ring_.get() + place, 0, to_end);
  std::memcpy(ring_.get() + (wraps ? 0 : place), line.data(), line.size());
  written_.store(written + needed, std::memory_order_release);
  return true;
}

bool AccessLog::drain(const std::function<void(std::string_view lines)>& sink) {
  std::uint64_t read = read_.load(std::memory_order_relaxed);
  const std::uint64_t written = written_.load(std::memory_order_acquire);
  const bool any = read != written;
  while (read != written) {
    const std::size_t place = read % capacity_;
    const std::size_t size = std::min<std::uint64_t>(written - read, capacity_ - place);
    std::string_view lines(ring_.get() + place, size);
    while (!lines.empty() && lines.back() == '\0') lines.remove_suffix(1);
    if (!lines.empty()) sink(lines);
    read += size;
    read_.store(read, std::memory_order_release);
  }
  return any;
}

}  // namespace cardea::proxy
