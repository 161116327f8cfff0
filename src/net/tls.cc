// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "base/strings.h"

namespace cardea::net {
namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPointer = std::unique_ptr<BIO, BioFree>;
using X509Pointer = std::unique_ptr<X509, X509Free>;
using KeyPointer = std::unique_ptr<EVP_PKEY, KeyFree>;

BioPointer bio_of(std::string_view text) { return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string openssl_error() {
  char text[256] = "unknown error";
  const auto code = ERR_get_error();
  if (code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

bool add_certificate(SSL_CTX* context, const TlsCertificate& certificate) {
  const auto chain = bio_of(certificate.chain_pem);
  const X509Pointer leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr));
  const KeyPointer key(PEM_read_bio_PrivateKey(bio_of(certificate.key_pem).get(), nullptr, nullptr, nullptr));
  if (!leaf || !key || SSL_CTX_use_certificate(context, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_clear_chain_certs(context) != 1) {
    return false;
  }
  while (X509Pointer next{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return false;
  }
  ERR_clear_error();  // the end of the PEM text
  return SSL_CTX_check_private_key(context) == 1;
}

// The settings that every server context of ours has.
SSL_CTX* new_server_context() {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only: they work for every worker
  SSL_CTX_set_num_tickets(context, 2);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  return context;
}

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

std::string wire_form(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const auto& protocol : protocols) {
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

// The host_name of the server_name extension (RFC 6066 section 3), lower case, without a final dot.
//   ServerNameList = length(2) 1*( name_type(1) length(2) name )
std::string server_name_of(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1 || size < 5) return {};
  const std::size_t length = static_cast<std::size_t>(data[3]) << 8 | data[4];
  if (data[2] != TLSEXT_NAMETYPE_host_name || length > size - 5) return {};
  std::string name = base::to_lower({reinterpret_cast<const char*>(data) + 5, length});
  if (name.ends_with('.')) name.pop_back();
  return name;
}

int acknowledge_server_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

}  // namespace

base::Result<std::shared_ptr<const TlsContext>> TlsContext::create(const TlsContextOptions& options) {
  std::shared_ptr<TlsContext> made(new TlsContext);
  made->context_ = new_server_context();
  if (options.min_version == TlsVersion::Tls13) SSL_CTX_set_min_proto_version(made->context_, TLS1_3_VERSION);
  for (const auto& certificate : options.certificates) {
    if (!add_certificate(made->context_, certificate)) return base::fail("the certificate does not load: " + openssl_error());
  }
  made->alpn_wire_ = wire_form(options.alpn);
  SSL_CTX_set_alpn_select_cb(made->context_, TlsStream::choose_alpn, nullptr);
  unsigned size = 0;
  EVP_Digest(options.session_scope.data(), options.session_scope.size(), made->session_scope_.data(), &size, EVP_sha256(),
             nullptr);
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TicketKeys::TicketKeys() {
  rotate();
  rotate();
}

void TicketKeys::rotate() {
  Key fresh;
  RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size()));
  RAND_bytes(fresh.cipher.data(), static_cast<int>(fresh.cipher.size()));
  RAND_bytes(fresh.mac.data(), static_cast<int>(fresh.mac.size()));
  const std::lock_guard lock(mutex_);
  keys_.previous = keys_.current;
  keys_.current = fresh;
}

TicketKeys::Pair TicketKeys::pair() {
  const std::lock_guard lock(mutex_);
  return keys_;
}

// See SSL_CTX_set_tlsext_ticket_key_evp_cb(3) for what is returned.
int TicketKeys::use(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing) {
  const Pair pair = static_cast<TlsStream*>(SSL_get_app_data(ssl))->keys_.pair();
  const bool is_current = sealing || std::memcmp(name, pair.current.name.data(), pair.current.name.size()) == 0;
  if (!is_current && std::memcmp(name, pair.previous.name.data(), pair.previous.name.size()) != 0) return 0;
  const Key& key = is_current ? pair.current : pair.previous;

  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("SHA256"), 0), OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return -1;
  if (sealing) {
    std::memcpy(name, key.name.data(), key.name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1 ? 1 : -1;
  }
  if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) != 1) return -1;
  return is_current ? 1 : 2;
}

TlsFront::TlsFront(TicketKeys& keys) : keys_(keys), context_(new_server_context()) {
  SSL_CTX_set_client_hello_cb(context_, TlsStream::choose_context, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context_, acknowledge_server_name);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context_, TicketKeys::use);
}

TlsFront::~TlsFront() { SSL_CTX_free(context_); }

TlsStream::TlsStream(std::unique_ptr<Stream> inner, const TlsFront& front)
    : Stream(inner->loop()), inner_(std::move(inner)), keys_(front.keys()), ssl_(SSL_new(front.get())) {
  use(inner_->pollable());
  BIO* bio = BIO_new(stream_method());
  BIO_set_data(bio, inner_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  SSL_set_accept_state(ssl_);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

async::Task<TlsStream::Handshake> TlsStream::accept(TlsSelector& selector, async::Deadline deadline) {
  selector_ = &selector;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) break;
    if (status_of(result, true) != IoStatus::WouldBlock) co_return Handshake::Failed;
    const async::Wake wake = co_await async::wait_any(loop_, deadline, readable());
    if (wake == async::Wake::TimedOut) co_return Handshake::TimedOut;
    if (wake == async::Wake::Ended) co_return Handshake::Ended;
  }
  selector_ = nullptr;
  co_return Handshake::Done;
}

// Runs before OpenSSL looks at the session, which must be of the chosen context's scope.
int TlsStream::choose_context(SSL* ssl, int* alert, void*) {
  auto* stream = static_cast<TlsStream*>(SSL_get_app_data(ssl));
  stream->server_name_ = server_name_of(ssl);
  stream->chosen_ = stream->selector_->select(stream->server_name_);
  if (!stream->chosen_) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  SSL_set_SSL_CTX(ssl, stream->chosen_->get());
  // Certificates follow the context; these do not.
  SSL_set_min_proto_version(ssl, static_cast<int>(SSL_CTX_get_min_proto_version(stream->chosen_->get())));
  SSL_set_session_id_context(ssl, stream->chosen_->session_scope_.data(),
                             static_cast<unsigned>(stream->chosen_->session_scope_.size()));
  return SSL_CLIENT_HELLO_SUCCESS;
}

int TlsStream::choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                           unsigned in_size, void*) {
  const auto* stream = static_cast<TlsStream*>(SSL_get_app_data(ssl));
  if (!stream->chosen_ || stream->chosen_->alpn_wire().empty()) return SSL_TLSEXT_ERR_NOACK;
  const auto& ours = stream->chosen_->alpn_wire();
  unsigned char* selected = nullptr;
  const int agreed = SSL_select_next_proto(&selected, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                           static_cast<unsigned>(ours.size()), in, in_size);
  // RFC 7301 section 3.2 wants an alert here; peers answer without ALPN, which old clients rely on, and so do we.
  if (agreed != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

IoStatus TlsStream::status_of(int result, bool reading) {
  auto*& signal = reading ? read_signal_ : write_signal_;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      signal = &inner_->readable();
      return IoStatus::WouldBlock;
    case SSL_ERROR_WANT_WRITE:
      signal = &inner_->writable();
      return IoStatus::WouldBlock;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::End;
    default:
      ERR_clear_error();
      return IoStatus::Failed;
  }
}

IoResult TlsStream::try_read(std::span<char> into) {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
  if (result == 1) return {IoStatus::Ok, got};
  return {status_of(result, true)};
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

bool TlsStream::resumed() const { return SSL_session_reused(ssl_) == 1; }

std::string_view TlsStream::alpn() const {
  const unsigned char* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::string_view TlsStream::protocol() const { return SSL_get_version(ssl_); }

}  // namespace cardea::net
