// SPDX-License-Identifier: Apache-2.0
#include "net/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/openssl.h"

namespace cardea::net {
namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;

// A BIO whose transport is a Stream of ours.
int stream_write(BIO* bio, const char* data, int size) {
  auto* stream = static_cast<Stream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const iovec part{const_cast<char*>(data), static_cast<std::size_t>(size)};
  const IoResult result = stream->try_write({&part, 1});
  if (result.status == IoStatus::Ok) return static_cast<int>(result.bytes);
  if (result.status == IoStatus::WouldBlock) BIO_set_retry_write(bio);
  return -1;
}

int stream_read(BIO* bio, char* data, int size) {
  auto* stream = static_cast<Stream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const IoResult result = stream->try_read({data, static_cast<std::size_t>(size)});
  if (result.status == IoStatus::Ok) return static_cast<int>(result.bytes);
  if (result.status == IoStatus::End) return 0;
  if (result.status == IoStatus::WouldBlock) BIO_set_retry_read(bio);
  return -1;
}

long stream_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* stream_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_write(made, stream_write);
    BIO_meth_set_read(made, stream_read);
    BIO_meth_set_ctrl(made, stream_control);
    return made;
  }();
  return method;
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<Stream> inner, SSL_CTX* context)
    : Stream(inner->loop()), inner_(std::move(inner)), ssl_(SSL_new(context)) {
  use(inner_->pollable());
  BIO* bio = BIO_new(stream_method());
  BIO_set_data(bio, inner_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

async::Task<TlsStream::Handshake> TlsStream::handshake(async::Deadline deadline) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) co_return Handshake::Done;
    if (status_of(result, true) != IoStatus::WouldBlock) co_return Handshake::Failed;
    const async::Wake wake = co_await async::wait_any(loop_, deadline, readable());
    if (wake == async::Wake::TimedOut) co_return Handshake::TimedOut;
    if (wake == async::Wake::Ended) co_return Handshake::Ended;
  }
}

IoStatus TlsStream::status_of(int result, bool reading) {
  auto*& signal = reading ? read_signal_ : write_signal_;
  const int kind = SSL_get_error(ssl_, result);
  switch (kind) {
    case SSL_ERROR_WANT_READ:
      signal = &inner_->readable();
      return IoStatus::WouldBlock;
    case SSL_ERROR_WANT_WRITE:
      signal = &inner_->writable();
      return IoStatus::WouldBlock;
    case SSL_ERROR_ZERO_RETURN:
      if (!SSL_is_init_finished(ssl_)) cause_ = "the peer closed the connection during the handshake";
      return IoStatus::End;
    default:
      keep_error(kind);
      return IoStatus::Failed;
  }
}

// The first failure is the cause of those after it.
void TlsStream::keep_error(int kind) {
  const long verdict = SSL_get_verify_result(ssl_);
  const auto code = ERR_peek_error();
  if (!cause_.empty()) {
    // It stays.
  } else if (verdict != X509_V_OK && !SSL_is_init_finished(ssl_)) {
    refused_certificate_ = true;
    cause_ = X509_verify_cert_error_string(verdict);
  } else if (kind == SSL_ERROR_SYSCALL || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    cause_ = SSL_is_init_finished(ssl_) ? "the connection broke" : "the peer broke the connection off during the handshake";
  } else {
    const char* const reason = ERR_reason_error_string(code);
    cause_ = reason ? reason : "unknown error";
  }
  ERR_clear_error();
}

std::string TlsStream::error() const {
  return std::string(refused_certificate_ ? "the peer's certificate is not accepted: " : "") + std::string(cause_);
}

IoResult TlsStream::try_read(std::span<char> into) {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
  const IoStatus status = result == 1 ? IoStatus::Ok : status_of(result, true);
  blocked_ = status == IoStatus::WouldBlock;
  return {status, got};
}

IoResult TlsStream::try_write(std::span<const iovec> parts) {
  thread_local std::array<char, kRecordBytes> gathered;
  const void* data = parts[0].iov_base;
  std::size_t size = std::min(parts[0].iov_len, kRecordBytes);
  if (parts.size() > 1 && size < kRecordBytes) {
    // One record, and so one send, for a head and the body that follows it.
    size = 0;
    for (const iovec& part : parts) {
      const std::size_t taken = std::min(part.iov_len, kRecordBytes - size);
      std::memcpy(gathered.data() + size, part.iov_base, taken);
      size += taken;
    }
    data = gathered.data();
  }
  ERR_clear_error();
  std::size_t written = 0;
  const int result = SSL_write_ex(ssl_, data, size, &written);
  if (result == 1) return {IoStatus::Ok, written};
  return {status_of(result, false)};
}

void TlsStream::shutdown_write() {
  if (broken_) return;
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
  ERR_clear_error();
  inner_->shutdown_write();
}

// Without a close_notify the peer sees the end as a truncation (RFC 8446 section 6.1).
void TlsStream::reset_on_close() {
  broken_ = true;
  inner_->reset_on_close();
}

bool TlsStream::holds_unread() const { return SSL_has_pending(ssl_) == 1; }

bool TlsStream::resumed() const { return SSL_session_reused(ssl_) == 1; }

std::string_view TlsStream::alpn() const {
  const unsigned char* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::string_view TlsStream::protocol() const { return SSL_get_version(ssl_); }

}  // namespace cardea::net
