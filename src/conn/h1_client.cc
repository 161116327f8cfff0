// SPDX-License-Identifier: Apache-2.0
#include "conn/h1_client.h"

#include "http/framing.h"
#include "http/h1_writer.h"

namespace cardea::conn {

H1ClientExchange::H1ClientExchange(H1Client& client)
    : client_(client),
      reader_(*client.stream_, client.in_, client.limits_),
      writer_(*client.stream_, client.out_) {
  ++client_.requests_;
}

H1ClientExchange::~H1ClientExchange() {
  client_.in_.release_if_empty();
  client_.out_.release_if_empty();
}

void H1ClientExchange::send_head(const http::RequestHead& request, bool upgrade) {
  method_ = request.method;
  http::WriteOptions options;
  options.framing = http::announced_framing(request);
  if (http::needs_chunks(request)) options.framing = http::Framing::chunked();
  options.upgrade = upgrade;
  char* start = client_.out_.reserve(http::max_head_size(request));
  client_.out_.commit(static_cast<std::size_t>(http::write_head(start, request, options) - start));
  writer_.start(options.framing, options.framing.has_body());
}

H1ClientExchange::Head H1ClientExchange::try_read_head(http::ResponseHead& head) {
  Buffer& in = client_.in_;
  for (;;) {
    if (!in.empty()) {
      received_ = true;
      const auto parsed = http::parse_response_head(in.unread(), client_.limits_, progress_, head);
      if (parsed.malformed()) {
        fault_ = parsed.fault;
        return Head::Malformed;
      }
      if (parsed.complete()) {
        in.consume(parsed.consumed);
        progress_ = {};
        if (head.status >= 200 || head.status == 101) {
          reader_.start(http::body_framing(head, method_));
          keep_ = http::wants_keep_alive(head);
        }
        return Head::Complete;
      }
    }
    const auto result = client_.stream_->try_read(in.space(client_.limits_.max_head_bytes + 1));
    if (result.status == net::IoStatus::Ok) {
      in.commit(result.bytes);
      continue;
    }
    in.release_if_empty();
    return result.status == net::IoStatus::WouldBlock ? Head::WouldBlock : Head::Closed;
  }
}

void H1ClientExchange::begin_tunnel() { writer_.start(http::Framing::tunnel(), true); }

bool H1ClientExchange::reusable() const {
  const auto kind = reader_.framing().kind;
  const bool delimited = kind != http::Framing::Kind::UntilClose && kind != http::Framing::Kind::Tunnel;
  return keep_ && delimited && reader_.at_end() && writer_.finished() && client_.out_.empty() && client_.quiet();
}

}  // namespace cardea::conn
