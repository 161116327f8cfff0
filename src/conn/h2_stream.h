// SPDX-License-Identifier: Apache-2.0
// H2Stream: one stream of an H2Session (conn/h2_session.h), either role: its two bodies, and what became of it.
//
// The exchange that uses the stream derives from this and owns it; it may outlive the stream on the wire (closed()), but
// never the session. What derives gets the fields of each list that the peer sends, in the midst of reading: there it may
// remember, and nothing else.
//
// Reading: bytes wait in a buffer until they are consumed, and only then may the peer send more on this stream; other
// streams are not held back. Writing: nothing is buffered here, bytes go into the session's output as far as the peer's
// windows and the session's backlog allow.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conn/body.h"
#include "conn/buffer.h"
#include "http/h2_reader.h"
#include "http/head.h"
#include "http/limits.h"

namespace cardea::conn {

class H2Session;
class H2Stream;
struct H2Callbacks;

class H2BodyReader final : public BodyReader {
 public:
  H2BodyReader(H2Stream& stream, BufferPool& pool) : stream_(stream), buffer_(pool) {}
  H2BodyReader(const H2BodyReader&) = delete;
  H2BodyReader& operator=(const H2BodyReader&) = delete;

  ReadStatus peek(std::span<const char>& data) override;
  void consume(std::size_t bytes) override;
  async::Signal& ready() override { return ready_; }
  const http::Fields& trailers() const override { return trailers_; }
  http::Fault fault() const override { return fault_; }
  bool rewindable() const override { return rewindable_; }
  void rewind() override;

  // END_STREAM came, and everything before it was consumed.
  bool at_end() const { return ended_ && buffer_.empty(); }
  // END_STREAM came.
  bool ended() const { return ended_; }

 private:
  friend class H2Session;
  friend struct H2Callbacks;
  friend class H2Stream;
  void append(std::span<const char> data);

  H2Stream& stream_;
  Buffer buffer_;
  http::Fields trailers_;
  async::Signal ready_;
  http::Fault fault_ = http::Fault::None;
  std::uint64_t credited_ = 0;  // of all bytes that were consumed at least once
  bool held_ = false;           // reads as ended: what comes is of a tunnel that is not there yet
  bool ended_ = false;
  bool rewindable_ = true;
};

class H2BodyWriter final : public BodyWriter {
 public:
  explicit H2BodyWriter(H2Stream& stream) : stream_(stream) {}
  H2BodyWriter(const H2BodyWriter&) = delete;
  H2BodyWriter& operator=(const H2BodyWriter&) = delete;

  Written try_write(std::span<const char> data) override;
  bool finish(const http::Fields& trailers) override;
  WriteStatus flush() override;
  async::Signal& ready() override { return ready_; }
  void abort() override;

  bool finished() const { return finished_; }
  bool aborted() const { return aborted_; }
  // END_STREAM is in the session's output.
  bool end_sent() const { return end_sent_; }

 private:
  friend class H2Session;
  friend struct H2Callbacks;
  friend class H2Stream;
  bool submit_head(bool end_stream);

  H2Stream& stream_;
  async::Signal ready_;
  std::span<const char> offered_;  // by the call of try_write() that is under way
  std::size_t taken_ = 0;
  const http::Fields* trailers_ = nullptr;  // of the call of finish() that is under way
  std::uint64_t left_ = 0;  // of the announced length
  bool has_length_ = false;
  bool ends_with_length_ = false;  // no trailers can follow the last byte
  bool discards_ = false;          // a response to HEAD: what is written counts and goes nowhere
  bool finished_ = false;
  bool end_sent_ = false;
  bool ended_by_us_ = false;  // the library does not know: H2Session::end_without_window()
  bool aborted_ = false;
};

class H2Stream {
 public:
  H2Stream(const H2Stream&) = delete;
  H2Stream& operator=(const H2Stream&) = delete;

  std::int32_t id() const { return id_; }
  // Nothing more comes or goes. error(): its code (RFC 9113 section 7), 0 when both ends finished.
  bool closed() const { return closed_; }
  std::uint32_t error() const { return error_; }
  // We reset it because the peer took nothing for too long.
  bool stalled() const { return stalled_; }
  bool end_sent() const { return writer_.end_sent(); }
  H2BodyReader& reader() { return reader_; }
  H2BodyWriter& writer() { return writer_; }
  // Ends it; nothing happens when it is closed already.
  void reset(std::uint32_t error);

 protected:
  H2Stream(H2Session& session, std::int32_t id);
  ~H2Stream();  // resets what is still open: CANCEL

  // One field of a list, and the list's end. False: the peer broke the rules, the stream is reset.
  virtual void on_field(std::string_view name, std::string_view value) = 0;
  virtual bool on_fields_end(bool end_stream) = 0;
  // Gives the head that the writer's first byte, end or flush() sends.
  virtual bool send_staged_head(bool end_stream) = 0;
  virtual bool head_staged() const = 0;

  void start_writing(bool has_length, std::uint64_t length, bool ends_with_length, bool discards);
  // Of the body that we read, in bytes: what came, read or not, and what may come before we consume more.
  std::uint64_t bytes_received() const { return reader_.bytes_read_ + reader_.buffer_.size(); }
  std::uint64_t window_left() const;
  // For an exchange that becomes a tunnel: see H2BodyReader::held_.
  void hold_reading() { reader_.held_ = true; }
  void release_reading();
  // Where trailers go.
  http::Fields& trailers() { return reader_.trailers_; }
  void fail_reading(http::Fault fault) { reader_.fault_ = fault; }

  H2Session& session_;

 private:
  friend class H2Session;
  friend struct H2Callbacks;
  friend class H2BodyReader;
  friend class H2BodyWriter;

  std::int32_t id_;
  std::uint32_t error_ = 0;
  bool closed_ = false;
  bool stalled_ = false;
  H2BodyReader reader_;
  H2BodyWriter writer_;

  // The session's lists: of all its streams, and of those that could not write.
  H2Stream* previous_ = nullptr;
  H2Stream* next_ = nullptr;
  enum class Blocked : std::uint8_t { No, ByWindow, ByBacklog };
  Blocked blocked_ = Blocked::No;
  H2Stream* blocked_previous_ = nullptr;
  H2Stream* blocked_next_ = nullptr;
  async::Deadline blocked_until_ = async::kNever;
  std::size_t share_ = 0;  // what it may write before others that wait have their turn
};

}  // namespace cardea::conn
