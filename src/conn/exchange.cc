// SPDX-License-Identifier: Apache-2.0
#include "conn/exchange.h"

#include <chrono>

#include "http/date.h"

namespace cardea::conn {

void add_date(Exchange& exchange, http::ResponseHead& head) {
  if (head.fields.has(http::HeaderId::Date)) return;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  char* const text = exchange.arena.allocate(http::kDateSize);
  http::write_date(text, now.time_since_epoch().count());
  head.fields.append(http::HeaderId::Date, {text, http::kDateSize});
}

async::Task<void> respond_with_text(Exchange& exchange, std::uint16_t status, std::string_view content_type,
                                    std::string_view text, async::Deadline deadline) {
  http::ResponseHead head;
  head.status = status;
  if (!text.empty()) head.fields.append(http::HeaderId::ContentType, content_type);
  co_await respond_with_text(exchange, head, text, deadline);
}

async::Task<void> respond_with_text(Exchange& exchange, http::ResponseHead& head, std::string_view text, async::Deadline deadline) {
  head.body.has_length = true;
  head.body.length = text.size();
  add_date(exchange, head);
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
