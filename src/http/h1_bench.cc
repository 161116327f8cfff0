// SPDX-License-Identifier: Apache-2.0
// The codec's share of a request: a usual one of eight fields, in, through and out; and its response.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/hop_by_hop.h"

namespace cardea::http {
namespace {

constexpr std::string_view kRequest =
    "GET /shop/cart/items?id=42&sort=price HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "X-Api-Version: 2024-01-01\r\n"
    "Cache-Control: no-cache\r\n"
    "\r\n";

constexpr std::string_view kSmallRequest = "GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n";

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: 1234\r\n"
    "Server: backend\r\n"
    "Vary: Accept-Encoding\r\n"
    "\r\n";

// What comes behind the head in a read buffer, so that the last lines are scanned as they are on a connection.
std::string in_buffer(std::string_view head) { return std::string(head) + std::string(4096, '\0'); }

void parse_request(benchmark::State& state, std::string_view text) {
  const std::string buffer = in_buffer(text);
  const Limits limits;
  TextArena arena;
  RequestHead head;
  for (auto _ : state) {
    ParseProgress progress;
    const ParseResult result = parse_request_head({buffer.data(), text.size()}, limits, arena, progress, head);
    benchmark::DoNotOptimize(result);
    benchmark::DoNotOptimize(head.path.data());
    if (!result.complete()) state.SkipWithError("not parsed");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK_CAPTURE(parse_request, eight_fields, kRequest);
BENCHMARK_CAPTURE(parse_request, small, kSmallRequest);

void parse_response(benchmark::State& state) {
  const std::string buffer = in_buffer(kResponse);
  const Limits limits;
  ResponseHead head;
  for (auto _ : state) {
    ParseProgress progress;
    const ParseResult result = parse_response_head({buffer.data(), kResponse.size()}, limits, progress, head);
    benchmark::DoNotOptimize(result);
    if (!result.complete()) state.SkipWithError("not parsed");
  }
}
BENCHMARK(parse_response);

void write_request(benchmark::State& state, bool with_forwarded_for) {
  const std::string buffer = in_buffer(kRequest);
  const Limits limits;
  TextArena arena;
  RequestHead head;
  ParseProgress progress;
  (void)parse_request_head({buffer.data(), kRequest.size()}, limits, arena, progress, head);
  if (with_forwarded_for) head.fields.append(HeaderId::XForwardedFor, "127.0.0.1");
  std::string out(max_head_size(head), '\0');
  for (auto _ : state) {
    benchmark::DoNotOptimize(strip_hop_by_hop(head.fields, false));
    benchmark::DoNotOptimize(max_head_size(head));
    benchmark::DoNotOptimize(write_head(out.data(), head, {.framing = announced_framing(head)}));
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(write_request, as_received, false);
BENCHMARK_CAPTURE(write_request, one_field_added, true);

void write_response(benchmark::State& state) {
  const std::string buffer = in_buffer(kResponse);
  ResponseHead head;
  ParseProgress progress;
  (void)parse_response_head({buffer.data(), kResponse.size()}, Limits(), progress, head);
  std::string out(max_head_size(head), '\0');
  for (auto _ : state) {
    benchmark::DoNotOptimize(write_head(out.data(), head, {.framing = announced_framing(head, Method::Get)}));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_response);

void decode_chunks(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::string wire;
  for (int i = 0; i < 16; ++i) wire.append(chunk_header(size).view()).append(size, 'x').append(kChunkEnd);
  wire += kLastChunk;
  const Limits limits;
  for (auto _ : state) {
    ChunkedDecoder decoder(limits);
    std::string_view rest = wire;
    while (!decoder.done()) {
      const auto step = decoder.next({rest.data(), rest.size()});
      benchmark::DoNotOptimize(step.data.data());
      rest.remove_prefix(step.consumed);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * 16));
}
BENCHMARK(decode_chunks)->Arg(16)->Arg(4096);

}  // namespace
}  // namespace cardea::http
