// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <map>
#include <string>

#include "async/scope.h"
#include "net/pipe.h"
#include "net/testing/certificates.h"

namespace cardea::net {
namespace {

using async::kNever;
using async::Task;

using testing::Pem;

Pem make_certificate(const char* name) { return testing::Issued(name, "").pem(); }

std::shared_ptr<const TlsContext> context_for(const char* name, const std::string& scope) {
  const Pem pem = make_certificate(name);
  TlsContextOptions options;
  options.certificates = {{pem.chain, pem.key}};
  options.alpn = {"http/1.1"};
  options.session_scope = scope;
  return *TlsContext::create(options);
}

class ByName final : public TlsSelector {
 public:
  const TlsContext* select(std::string_view name) override {
    asked = name;
    const auto found = contexts.find(std::string(name));
    return found == contexts.end() ? nullptr : found->second.get();
  }
  std::map<std::string, std::shared_ptr<const TlsContext>> contexts;
  std::string asked;
};

// OpenSSL's own client over memory, moved by hand.
class Client {
 public:
  Client(const char* server_name, SSL_SESSION* session, int max_version = TLS1_3_VERSION) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_, max_version);
    ssl_ = SSL_new(context_);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
    if (*server_name) SSL_set_tlsext_host_name(ssl_, server_name);
    if (session) SSL_set_session(ssl_, session);
    const unsigned char alpn[] = "\x08http/1.1";
    SSL_set_alpn_protos(ssl_, alpn, 9);
  }
  ~Client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  SSL* ssl() { return ssl_; }

  // Until the client has `want` bytes of plain text, or the stream ends.
  Task<std::string> read(Stream& stream, std::size_t want) {
    std::string text;
    for (;;) {
      char buffer[4096];
      int got = 0;
      while ((got = SSL_read(ssl_, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(got));
      send_pending(stream);
      if (text.size() >= want) co_return text;
      const auto result = stream.try_read(buffer);
      if (result.status == IoStatus::Ok) BIO_write(SSL_get_rbio(ssl_), buffer, static_cast<int>(result.bytes));
      else if (result.status == IoStatus::WouldBlock) co_await async::wait_any(stream.loop(), kNever, stream.readable());
      else co_return text + "<end>";
    }
  }

 private:
  void send_pending(Stream& stream) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &data);
    const iovec part{data, static_cast<std::size_t>(size)};
    if (size > 0) stream.try_write({&part, 1});
    (void)BIO_reset(SSL_get_wbio(ssl_));
  }
  SSL_CTX* context_;
  SSL* ssl_;
};

struct Served {
  TlsStream::Handshake handshake = TlsStream::Handshake::Failed;
  bool resumed = false;
  std::string name;
  std::string alpn;
};

// Greets after the handshake, in two parts of one write.
Task<void> serve(std::unique_ptr<PipeEnd>* end, const TlsFront* front, TlsSelector* selector, Served* served) {
  TlsServerStream tls(std::move(*end), *front);
  served->handshake = co_await tls.accept(*selector, kNever);
  if (served->handshake == TlsStream::Handshake::Done) {
    served->resumed = tls.resumed();
    served->name = tls.server_name();
    served->alpn = tls.alpn();
    std::string hello = "hello ", world = "world";
    const iovec parts[] = {{hello.data(), hello.size()}, {world.data(), world.size()}};
    EXPECT_EQ(tls.try_write(parts).bytes, 11u);
  }
  tls.shutdown_write();
}

struct Outcome {
  Served served;
  std::string text;
};

Task<Outcome> converse(async::Loop& loop, const TlsFront& front, TlsSelector& selector, Client& client) {
  Outcome outcome;
  async::TaskScope scope(loop);
  auto [near, far] = make_pipe(loop);
  near->set_read_piece(100);
  far->set_read_piece(50);
  scope.spawn(serve, &far, &front, &selector, &outcome.served);
  outcome.text = co_await client.read(*near, 11);
  co_await scope.close();
  co_return outcome;
}

class TlsTest : public ::testing::Test {
 protected:
  Outcome talk(Client& client) {
    async::Loop loop;
    const TlsFront front(keys);
    return loop.run(converse(loop, front, selector, client));
  }
  TicketKeys keys;
  ByName selector;
};

TEST_F(TlsTest, ServesTheNamedCertificateInBothVersions) {
  selector.contexts["a.example"] = context_for("a.example", "a");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client("A.example", nullptr, version);
    const Outcome outcome = talk(client);
    EXPECT_EQ(outcome.served.handshake, TlsStream::Handshake::Done);
    EXPECT_EQ(outcome.served.name, "a.example");
    EXPECT_EQ(outcome.served.alpn, "http/1.1");
    EXPECT_EQ(outcome.text, "hello world");
    EXPECT_EQ(SSL_version(client.ssl()), version);
  }
}

TEST_F(TlsTest, RefusesANameThatNobodyServes) {
  Client client("b.example", nullptr);
  EXPECT_EQ(talk(client).served.handshake, TlsStream::Handshake::Failed);
  EXPECT_EQ(selector.asked, "b.example");
}

TEST_F(TlsTest, RefusesTls11) {
  selector.contexts["a.example"] = context_for("a.example", "a");
  Client client("a.example", nullptr, TLS1_1_VERSION);
  EXPECT_EQ(talk(client).served.handshake, TlsStream::Handshake::Failed);
}

TEST_F(TlsTest, ResumesAfterARotationAndANewCertificateButNotInAnotherScope) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    selector.contexts["a.example"] = context_for("a.example", "a");
    selector.contexts["other.example"] = context_for("other.example", "other");
    Client first("a.example", nullptr, version);
    EXPECT_FALSE(talk(first).served.resumed);
    SSL_SESSION* session = SSL_get1_session(first.ssl());

    keys.rotate();
    selector.contexts["a.example"] = context_for("a.example", "a");
    Client again("a.example", session, version);
    EXPECT_TRUE(talk(again).served.resumed);

    Client elsewhere("other.example", session, version);
    const Outcome outcome = talk(elsewhere);
    EXPECT_FALSE(outcome.served.resumed);

    keys.rotate();
    Client late("a.example", session, version);
    EXPECT_FALSE(talk(late).served.resumed) << "the key is two rotations old";
    SSL_SESSION_free(session);
  }
}

TEST(TlsContext, ABadCertificateIsAnError) {
  const Pem one = make_certificate("one");
  const Pem two = make_certificate("two");
  TlsContextOptions options;
  options.certificates = {{one.chain, two.key}};
  EXPECT_FALSE(TlsContext::create(options));
  options.certificates = {{"garbage", one.key}};
  EXPECT_FALSE(TlsContext::create(options));
}

}  // namespace
}  // namespace cardea::net
