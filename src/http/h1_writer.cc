// SPDX-License-Identifier: Apache-2.0
// Field lines that stand in the received bytes one behind the other are copied in one piece.
#include "http/h1_writer.h"

#include <charconv>
#include <cstring>
#include <string_view>

#include "http/status.h"

namespace cardea::http {
namespace {

// Start line without its texts, the Host, Connection, Content-Length or Transfer-Encoding lines, the empty line.
constexpr std::size_t kFixed = 256;

constexpr HeaderMask kNeverCopied = header_bit(HeaderId::Host) | header_bit(HeaderId::ContentLength) |
                                    header_bit(HeaderId::TransferEncoding) | header_bit(HeaderId::Connection) |
                                    header_bit(HeaderId::KeepAlive) | header_bit(HeaderId::ProxyConnection) |
                                    header_bit(HeaderId::Http2Settings);

class Out {
 public:
  explicit Out(char* at) : at_(at) {}

  Out& put(std::string_view text) {
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  Out& put_number(std::uint64_t number) {
    at_ = std::to_chars(at_, at_ + 20, number).ptr;
    return *this;
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

std::size_t size_of(const Fields& fields) {
  std::size_t size = 0;
  for (const Field& field : fields) size += field.name.size() + field.value.size() + 4;
  return size;
}

const char* end_of(std::string_view text) { return text.data() + text.size(); }

bool follows(const Field& next, const Field& field) {
  return next.as_received && next.name.data() == end_of(field.value) + 2;
}

void put_fields(Out& out, const Fields& fields, HeaderMask skipped) {
  const Field* field = fields.begin();
  while (field != fields.end()) {
    if ((header_bit(field->id) & skipped) != 0) {
      ++field;
      continue;
    }
    if (!field->as_received) {
      out.put(field->name).put(": ").put(field->value).put("\r\n");
      ++field;
      continue;
    }
    const char* const begin = field->name.data();
    const Field* last = field;
    for (++field; field != fields.end() && follows(*field, *last) && (header_bit(field->id) & skipped) == 0; ++field) {
      last = field;
    }
    out.put({begin, static_cast<std::size_t>(end_of(last->value) + 2 - begin)});
  }
}

void put_framing(Out& out, const Framing& framing) {
  if (framing.kind == Framing::Kind::Length) {
    out.put("Content-Length: ").put_number(framing.length).put("\r\n");
  } else if (framing.kind == Framing::Kind::Chunked) {
    out.put("Transfer-Encoding: chunked\r\n");
  }
}

void put_connection(Out& out, const WriteOptions& options, bool te) {
  if (!(options.close || options.keep_alive || options.upgrade || te)) return;
  std::string_view separator = "Connection: ";
  const auto option = [&](bool wanted, std::string_view name) {
    if (!wanted) return;
    out.put(separator).put(name);
    separator = ", ";
  };
  option(options.close, "close");
  option(options.keep_alive && !options.close, "keep-alive");
  option(options.upgrade, "upgrade");
  option(te, "TE");
  out.put("\r\n");
}

char* put_rest(Out& out, const Fields& fields, const WriteOptions& options) {
  const bool te = fields.has(HeaderId::Te);
  put_fields(out, fields, kNeverCopied | (options.upgrade ? 0 : header_bit(HeaderId::Upgrade)));
  put_framing(out, options.framing);
  put_connection(out, options, te);
  return out.put("\r\n").at();
}

template <class Head>
void append(std::string& text, const Head& head, const WriteOptions& options) {
  const std::size_t before = text.size();
  text.resize(before + max_head_size(head));
  const char* const end = write_head(text.data() + before, head, options);
  text.resize(static_cast<std::size_t>(end - text.data()));
}

}  // namespace

std::size_t max_head_size(const RequestHead& head) {
  return kFixed + head.method_text.size() + head.path.size() + head.query.size() + head.authority.size() +
         size_of(head.fields);
}

std::size_t max_head_size(const ResponseHead& head) { return kFixed + head.reason.size() + size_of(head.fields); }

char* write_head(char* begin, const RequestHead& head, const WriteOptions& options) {
  Out out(begin);
  out.put(head.method_text).put(" ").put(head.path);
  if (head.has_query) out.put("?").put(head.query);
  out.put(" HTTP/1.1\r\nHost: ").put(head.authority).put("\r\n");
  return put_rest(out, head.fields, options);
}

char* write_head(char* begin, const ResponseHead& head, const WriteOptions& options) {
  Out out(begin);
  out.put("HTTP/1.1 ").put_number(head.status).put(" ");
  out.put(head.reason.empty() ? reason_phrase(head.status) : head.reason).put("\r\n");
  return put_rest(out, head.fields, options);
}

void append_head(std::string& out, const RequestHead& head, const WriteOptions& options) { append(out, head, options); }
void append_head(std::string& out, const ResponseHead& head, const WriteOptions& options) {
  append(out, head, options);
}

}  // namespace cardea::http
