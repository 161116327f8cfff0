// SPDX-License-Identifier: Apache-2.0
#include "conn/exchange.h"

namespace cardea::conn {

async::Task<void> respond_with_text(Exchange& exchange, std::uint16_t status, std::string_view content_type,
                                    std::string_view text, async::Deadline deadline) {
  http::ResponseHead head;
  head.status = status;
  head.body.has_length = true;
  head.body.length = text.size();
  if (!text.empty()) head.fields.append("Content-Type", content_type);
  exchange.respond(head);
  BodyWriter& writer = exchange.response_body();
  while (!text.empty()) {
    const auto written = writer.try_write({text.data(), text.size()});
    text.remove_prefix(written.bytes);
    if (written.status == WriteStatus::Failed) co_return writer.abort();
    if (written.status == WriteStatus::Ok) continue;
    const async::Wake wake = co_await async::wait_any(exchange.loop(), deadline, writer.ready(), exchange.client_changed());
    if (wake != async::Wake::Signalled || exchange.client_gone()) co_return writer.abort();
  }
  writer.finish({});
  const bool sent = co_await flush(exchange.loop(), writer, deadline);
  if (!sent) writer.abort();
}

async::Task<bool> flush(async::Loop& loop, BodyWriter& writer, async::Deadline deadline) {
  for (;;) {
    const WriteStatus status = writer.flush();
    if (status == WriteStatus::Ok) co_return true;
    if (status == WriteStatus::Failed) co_return false;
    const async::Wake wake = co_await async::wait_any(loop, deadline, writer.ready());
    if (wake != async::Wake::Signalled) co_return false;
  }
}

}  // namespace cardea::conn
