// SPDX-License-Identifier: Apache-2.0
// TlsStream: TLS (RFC 8446, RFC 5246) by OpenSSL over any Stream, once a side has begun it: net/tls.h accepts as a server,
// net/tls_client.h connects as a client. Owned by whoever reads and writes it, on its loop's thread.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "net/stream.h"

namespace cardea::net {

enum class TlsHandshake : std::uint8_t { Done, Failed, TimedOut, Ended };

class TlsStream : public Stream {
 public:
  using Handshake = TlsHandshake;
  ~TlsStream() override;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const iovec> parts) override;
  void shutdown_write() override;
  void reset_on_close() override;
  void set_quiet(bool quiet) override { inner_->set_quiet(quiet); }
  bool holds_unread() const override;

  bool resumed() const;
  std::string_view alpn() const;      // empty when none was agreed
  std::string_view protocol() const;  // "TLSv1.3"
  // What failed, for a person: after Handshake::Failed, or after IoStatus::Failed.
  std::string error() const;
  std::string_view cause() const { return cause_; }  // the same without its beginning; static text
  Stream& inner() { return *inner_; }

 protected:
  TlsStream(std::unique_ptr<Stream> inner, SSL_CTX* context);
  async::Task<Handshake> handshake(async::Deadline deadline);

  std::unique_ptr<Stream> inner_;
  SSL* ssl_ = nullptr;
  std::string_view cause_;

 private:
  bool has_more() const override { return !blocked_ && holds_unread(); }
  IoStatus status_of(int result, bool reading);
  void keep_error(int kind);

  bool refused_certificate_ = false;
  bool blocked_ = false;  // the last read wanted more than there was
  bool broken_ = false;
};

}  // namespace cardea::net
