// SPDX-License-Identifier: Apache-2.0
// The table testdata/chunked.txt, each row whole, cut in two at every place, and a byte at a time; then the encoder.
#include "http/chunked.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "http/case_table.h"

namespace cardea::http {
namespace {

constexpr Limits kTight{.max_chunk_line_bytes = 100, .max_trailer_bytes = 80};

std::string underscored(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '_');
  return text.empty() ? "-" : text;
}

// Decodes `pieces` one after the other, as a connection would: what is not consumed stays in front of the next piece.
class Reading {
 public:
  explicit Reading(const Limits& limits = kTight) : decoder(limits) {}

  void feed(std::string_view piece) {
    pending += piece;
    while (kind == ChunkedDecoder::Kind::NeedMore) {
      const ChunkedDecoder::Step step = decoder.next(pending);
      body += step.data;
      pending.erase(0, step.consumed);
      fault = step.fault;
      if (step.kind == ChunkedDecoder::Kind::Data) continue;
      kind = step.kind;
      return;
    }
  }

  std::string verdict() const {
    switch (kind) {
      case ChunkedDecoder::Kind::NeedMore:
        return "more";
      case ChunkedDecoder::Kind::Malformed:
        return std::string(fault_name(fault));
      default:
        break;
    }
    std::string trailers;
    for (const Field& field : decoder.trailers()) {
      if (!trailers.empty()) trailers += ";";
      trailers.append(field.name).append(":").append(field.value);
    }
    return "ok " + underscored(body) + " " + underscored(trailers) + " " + underscored(pending);
  }

  ChunkedDecoder decoder;
  std::string pending;
  std::string body;
  ChunkedDecoder::Kind kind = ChunkedDecoder::Kind::NeedMore;
  Fault fault = Fault::None;
};

TEST(ChunkedTable, Whole) {
  for (const RawCase& raw : read_case_table("chunked.txt")) {
    Reading reading;
    reading.feed(raw.bytes);
    EXPECT_EQ(reading.verdict(), unescape(raw.verdict)) << "chunked.txt:" << raw.line << " " << raw.title;
  }
}

TEST(ChunkedTable, EverySplitPoint) {
  for (const RawCase& raw : read_case_table("chunked.txt")) {
    for (std::size_t cut = 0; cut <= raw.bytes.size(); ++cut) {
      Reading reading;
      reading.feed(raw.bytes.substr(0, cut));
      if (reading.kind == ChunkedDecoder::Kind::End) {
        reading.pending += raw.bytes.substr(cut);
      } else {
        reading.feed(raw.bytes.substr(cut));
      }
      EXPECT_EQ(reading.verdict(), unescape(raw.verdict)) << raw.title << " cut at " << cut;
    }
  }
}

TEST(ChunkedTable, ByteByByte) {
  for (const RawCase& raw : read_case_table("chunked.txt")) {
    Reading reading;
    for (char byte : raw.bytes) {
      if (reading.kind == ChunkedDecoder::Kind::End) {
        reading.pending += byte;
      } else {
        reading.feed({&byte, 1});
      }
    }
    EXPECT_EQ(reading.verdict(), unescape(raw.verdict)) << raw.title;
  }
}

TEST(Chunked, DataPointsIntoTheInput) {
  const Limits limits;
  ChunkedDecoder decoder(limits);
  const std::string input = "5\r\nhello\r\n";
  const ChunkedDecoder::Step step = decoder.next(input);
  ASSERT_EQ(step.kind, ChunkedDecoder::Kind::Data);
  EXPECT_EQ(step.data.data(), input.data() + 3);
  EXPECT_EQ(step.consumed, 8u);
}

TEST(Chunked, ExtensionsOfAWholeBodyAreBounded) {
  const Limits limits{.max_chunk_extension_bytes = 1000};
  Reading reading(limits);
  for (int i = 0; i < 1000 && reading.kind == ChunkedDecoder::Kind::NeedMore; ++i) reading.feed("1;abcdefghi\r\nx\r\n");
  EXPECT_EQ(reading.fault, Fault::ChunkLineTooLong);
  EXPECT_GT(reading.body.size(), 50u);
  EXPECT_LE(reading.body.size(), 100u);
}

TEST(Chunked, StaysMalformed) {
  Reading reading;
  reading.feed("x\r\n");
  ASSERT_EQ(reading.kind, ChunkedDecoder::Kind::Malformed);
  EXPECT_EQ(reading.decoder.next(std::string_view("0\r\n\r\n")).kind, ChunkedDecoder::Kind::Malformed);
}

TEST(Chunked, ResetMakesItNew) {
  Reading reading;
  reading.feed("0\r\nA: b\r\n\r\n");
  ASSERT_EQ(reading.decoder.trailers().size(), 1u);
  reading.decoder.reset();
  EXPECT_TRUE(reading.decoder.trailers().empty());
  EXPECT_EQ(reading.decoder.next(std::string_view("0\r\n\r\n")).kind, ChunkedDecoder::Kind::End);
}

TEST(Chunked, HeaderHasTheShortestSize) {
  EXPECT_EQ(chunk_header(1).view(), "1\r\n");
  EXPECT_EQ(chunk_header(255).view(), "ff\r\n");
  EXPECT_EQ(chunk_header(~std::uint64_t{0}).view(), "ffffffffffffffff\r\n");
}

TEST(Chunked, DecodesWhatItEncodes) {
  Fields trailers;
  trailers.append("X-Sum", "abc");
  trailers.append("Content-Length", "5");
  std::string wire;
  wire.append(chunk_header(5).view()).append("hello").append(kChunkEnd);
  append_last_chunk(wire, trailers);
  Reading reading;
  reading.feed(wire);
  EXPECT_EQ(reading.verdict(), "ok hello X-Sum:abc -") << "a forbidden trailer is not written";
}

}  // namespace
}  // namespace cardea::http
