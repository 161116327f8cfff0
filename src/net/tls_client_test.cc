// SPDX-License-Identifier: Apache-2.0
#include "net/tls_client.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "async/scope.h"
#include "net/pipe.h"
#include "net/testing/certificates.h"
#include "net/tls.h"

namespace cardea::net {
namespace {

using async::kNever;
using async::Task;
using testing::Issued;
using Handshake = TlsHandshake;

constexpr TlsPeer kPeer{.server_name = "a.example", .any_of = {}};

class One final : public TlsSelector {
 public:
  const TlsContext* select(std::string_view name) override {
    asked = name;
    return context.get();
  }
  std::shared_ptr<const TlsContext> context;
  std::string asked = "nobody asked";
};

struct Server {
  Handshake handshake = Handshake::Failed;
  bool client_verified = false;
  std::string error;
};

struct Client {
  Handshake handshake = Handshake::Failed;
  bool resumed = false;
  std::string alpn;
  std::string error;
  std::string text;
};

Task<void> greet(std::unique_ptr<PipeEnd>* end, const TlsFront* front, TlsSelector* selector, Server* server) {
  TlsServerStream tls(std::move(*end), *front);
  server->handshake = co_await tls.accept(*selector, kNever);
  server->error = tls.error();
  server->client_verified = tls.client_verified();
  std::string text = "hello";
  const iovec part{text.data(), text.size()};
  if (server->handshake == Handshake::Done) tls.try_write({&part, 1});
  tls.shutdown_write();
}

// Two records, and the end.
Task<void> greet_twice(std::unique_ptr<PipeEnd>* end, const TlsFront* front, TlsSelector* selector, Server* server) {
  TlsServerStream tls(std::move(*end), *front);
  server->handshake = co_await tls.accept(*selector, kNever);
  std::string text = "hello";
  const iovec part{text.data(), text.size()};
  tls.try_write({&part, 1});
  tls.try_write({&part, 1});
  tls.shutdown_write();
}

Task<Client> call(async::Loop& loop, const TlsFront& front, TlsSelector& selector, Server& server, const TlsClientContext& context,
                  TlsPeer peer, std::shared_ptr<TlsSessions> sessions) {
  Client client;
  async::TaskScope scope(loop);
  auto [near, far] = make_pipe(loop);
  near->set_read_piece(100);
  scope.spawn(greet, &far, &front, &selector, &server);
  {
    TlsClientStream tls(std::move(near), context);
    client.handshake = co_await tls.connect(peer, kNever, sessions);
    if (client.handshake == Handshake::Done) {
      client.resumed = tls.resumed();
      client.alpn = tls.alpn();
      for (;;) {
        char buffer[100];
        const IoResult result = tls.try_read(buffer);
        if (result.status == IoStatus::WouldBlock) co_await async::wait_any(loop, kNever, tls.readable());
        else if (result.status == IoStatus::Ok) client.text.append(buffer, result.bytes);
        else break;
      }
    }
    client.error = tls.error();
  }
  co_await scope.close();
  co_return client;
}

class TlsClientTest : public ::testing::Test {
 protected:
  TlsClientTest() { serve(leaf); }

  void serve(const Issued& issued, TlsContextOptions options = {}) {
    served = issued.pem();
    options.certificates = {{served.chain, served.key}};
    if (options.alpn.empty()) options.alpn = {"h2", "http/1.1"};
    selector.context = *TlsContext::create(options);
  }
  std::shared_ptr<const TlsClientContext> trusting(const Issued& anchor, TlsClientOptions options = {}) {
    const std::string pem = anchor.certificate();
    options.ca_pem = {pem};
    return *TlsClientContext::create(options);
  }
  Client connect(const TlsClientContext& context, TlsPeer peer, std::shared_ptr<TlsSessions> sessions = nullptr) {
    async::Loop loop;
    const TlsFront front(keys);
    server = {};
    return loop.run(call(loop, front, selector, server, context, peer, sessions));
  }

  Issued ca{"ca", ""};
  Issued leaf{"cn.example", "DNS:a.example,DNS:*.w.example,URI:spiffe://x/y,IP:192.0.2.1", &ca};
  TicketKeys keys;
  One selector;
  testing::Pem served;
  Server server;
};

TEST_F(TlsClientTest, ConnectsSendsTheNameAndReads) {
  const Client client = connect(*trusting(ca), kPeer);
  EXPECT_EQ(client.handshake, Handshake::Done) << client.error;
  EXPECT_EQ(client.text, "hello");
  EXPECT_EQ(selector.asked, "a.example");
  EXPECT_EQ(client.error, "");
}

TEST_F(TlsClientTest, VerifiesTheNameUnlessOthersAreGiven) {
  const auto context = trusting(ca);
  const struct {
    std::string_view server_name;
    std::vector<TlsName> any_of;
    bool good;
  } cases[] = {
      {"a.example", {}, true},
      {"A.example", {}, true},
      {"x.w.example", {}, true},
      {"x.y.w.example", {}, false},
      {"w.example", {}, false},
      {"b.example", {}, false},
      {"cn.example", {}, false},  // the common name is no name
      {"192.0.2.1", {}, true},
      {"192.0.2.2", {}, false},
      {"", {}, false},
      {"b.example", {{TlsName::Kind::Dns, "a.example"}}, true},
      {"a.example", {{TlsName::Kind::Dns, "b.example"}}, false},
      {"b.example", {{TlsName::Kind::Uri, "spiffe://x/y"}}, true},
      {"b.example", {{TlsName::Kind::Uri, "spiffe://x/Y"}}, false},
      {"b.example", {{TlsName::Kind::Uri, "spiffe://x/"}}, false},
      {"b.example", {{TlsName::Kind::Dns, "spiffe://x/y"}}, false},
      {"b.example", {{TlsName::Kind::Dns, "c.example"}, {TlsName::Kind::Uri, "spiffe://x/y"}}, true},
  };
  for (const auto& [server_name, any_of, good] : cases) {
    const Client client = connect(*context, {server_name, any_of});
    EXPECT_EQ(client.handshake, good ? Handshake::Done : Handshake::Failed) << server_name << " " << client.error;
    if (!good) {
      EXPECT_EQ(client.error, "the peer's certificate is not accepted: hostname mismatch") << server_name;
    }
  }
}

TEST_F(TlsClientTest, SendsNoAddressAsName) {
  connect(*trusting(ca), {"192.0.2.1", {}});
  EXPECT_EQ(selector.asked, "");
}

TEST_F(TlsClientTest, TrustsNobodyElse) {
  EXPECT_EQ(connect(*trusting(Issued("other", "")), kPeer).error,
            "the peer's certificate is not accepted: unable to get local issuer certificate");
  const TlsClientOptions system{.ca_pem = {}, .system_roots = true, .certificate = {}, .alpn = {}, .rules = {}};
  EXPECT_EQ(connect(**TlsClientContext::create(system), kPeer).handshake, Handshake::Failed);
  serve(Issued("late", "DNS:a.example", &ca, -3600));
  EXPECT_EQ(connect(*trusting(ca), kPeer).error, "the peer's certificate is not accepted: certificate has expired");
}

TEST_F(TlsClientTest, AnAnchorNeedNotBeSelfSigned) {
  EXPECT_EQ(connect(*trusting(leaf), kPeer).handshake, Handshake::Done);
}

TEST_F(TlsClientTest, AgreesOnAProtocol) {
  EXPECT_EQ(connect(*trusting(ca, {.ca_pem = {}, .system_roots = false, .certificate = {}, .alpn = {"http/1.1", "h2"}, .rules = {}}), kPeer).alpn, "h2");
  EXPECT_EQ(connect(*trusting(ca), kPeer).alpn, "");
}

TEST_F(TlsClientTest, HoldsToTheMinimumVersion) {
  const auto tls13 = TlsRules{.min_version = TlsVersion::Tls13, .ciphers = {}, .cipher_suites = {}};
  const auto only12 = trusting(ca);
  SSL_CTX_set_max_proto_version(only12->get(), TLS1_2_VERSION);
  EXPECT_EQ(connect(*only12, kPeer).handshake, Handshake::Done);
  serve(leaf, {.certificates = {}, .alpn = {}, .rules = tls13, .clients = {}, .session_scope = {}});
  EXPECT_EQ(connect(*only12, kPeer).handshake, Handshake::Failed);
}

TEST_F(TlsClientTest, CiphersAreAgreedWithinTheRules) {
  const auto only = [&](const char* ciphers) {
    const auto context = trusting(ca, {.ca_pem = {}, .system_roots = false, .certificate = {}, .alpn = {}, .rules = {.min_version = TlsVersion::Tls12, .ciphers = ciphers, .cipher_suites = {}}});
    SSL_CTX_set_max_proto_version(context->get(), TLS1_2_VERSION);
    return context;
  };
  serve(leaf, {.certificates = {}, .alpn = {}, .rules = {.min_version = TlsVersion::Tls12, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", .cipher_suites = "TLS_AES_256_GCM_SHA384"}, .clients = {}, .session_scope = {}});
  EXPECT_EQ(connect(*only("ECDHE-ECDSA-AES256-GCM-SHA384"), kPeer).handshake, Handshake::Done);
  EXPECT_EQ(connect(*only("ECDHE-ECDSA-AES128-GCM-SHA256"), kPeer).handshake, Handshake::Failed);
  const auto suite = [&](const char* suites) {
    return trusting(ca, {.ca_pem = {}, .system_roots = false, .certificate = {}, .alpn = {}, .rules = {.min_version = TlsVersion::Tls13, .ciphers = {}, .cipher_suites = suites}});
  };
  EXPECT_EQ(connect(*suite("TLS_AES_256_GCM_SHA384"), kPeer).handshake, Handshake::Done);
  EXPECT_EQ(connect(*suite("TLS_AES_128_GCM_SHA256"), kPeer).handshake, Handshake::Failed);
  EXPECT_FALSE(TlsClientContext::create({.ca_pem = {}, .system_roots = false, .certificate = {}, .alpn = {}, .rules = {.min_version = TlsVersion::Tls12, .ciphers = "nonsense", .cipher_suites = {}}}));
  EXPECT_FALSE(TlsClientContext::create({.ca_pem = {}, .system_roots = false, .certificate = {}, .alpn = {}, .rules = {.min_version = TlsVersion::Tls12, .ciphers = {}, .cipher_suites = "nonsense"}}));
}

TEST(TlsRules, NamesThatOpensslDoesNotKnow) {
  const auto checked = [](const char* ciphers, const char* suites) {
    const auto known = check_rules({.min_version = TlsVersion::Tls12, .ciphers = ciphers, .cipher_suites = suites});
    return known ? std::string() : known.error().message;
  };
  EXPECT_EQ(checked("", ""), "");
  EXPECT_EQ(checked("ECDHE+AESGCM:!aNULL:ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"), "");
  EXPECT_EQ(checked("ECDHE+AESGCM:ROT13", ""), "no cipher of TLS 1.2 is called \"ROT13\"");
  EXPECT_EQ(checked("", "TLS_AES_128_GCM_SHA256:ROT13"), "no cipher suite of TLS 1.3 is called \"ROT13\"");
}

TEST_F(TlsClientTest, ResumesWithItsSessions) {
  const auto context = trusting(ca);
  const auto sessions = std::make_shared<TlsSessions>();
  EXPECT_FALSE(connect(*context, kPeer, sessions).resumed);
  EXPECT_TRUE(connect(*context, kPeer, sessions).resumed);
  EXPECT_FALSE(connect(*context, kPeer).resumed);
}

// Who waits for the transport alone would wait for ever: what came together with what was read is inside.
TEST_F(TlsClientTest, TellsThatItHoldsMore) {
  async::Loop loop;
  const TlsFront front(keys);
  const auto context = trusting(ca);
  const auto outcome = [](async::Loop& on, const TlsFront& of, TlsSelector& to, const TlsClientContext& client) -> Task<void> {
    async::TaskScope scope(on);
    auto [near, far] = make_pipe(on);
    Server seen;
    TlsClientStream tls(std::move(near), client);
    scope.spawn(greet_twice, &far, &of, &to, &seen);
    EXPECT_EQ(co_await tls.connect(kPeer, kNever), Handshake::Done);
    co_await scope.close();
    char buffer[100];
    EXPECT_EQ(tls.try_read(buffer).bytes, 5u);
    EXPECT_TRUE(tls.can_read() && tls.holds_unread());
    EXPECT_EQ(tls.try_read(buffer).bytes, 5u);
    EXPECT_EQ(tls.try_read(buffer).status, IoStatus::End);
    EXPECT_FALSE(tls.holds_unread());
  };
  loop.run(outcome(loop, front, selector, *context));
}

TEST_F(TlsClientTest, APeerThatGoesAwayIsTold) {
  async::Loop loop;
  const auto outcome = [](async::Loop& on, const TlsClientContext& context) -> Task<std::string> {
    auto [near, far] = make_pipe(on);
    TlsClientStream tls(std::move(near), context);
    far->shutdown_write();
    EXPECT_EQ(co_await tls.connect(kPeer, kNever), Handshake::Failed);
    co_return tls.error();
  };
  const auto context = trusting(ca);
  EXPECT_EQ(loop.run(outcome(loop, *context)), "the peer broke the connection off during the handshake");
}

class ClientCertificateTest : public TlsClientTest {
 protected:
  ClientCertificateTest() { ask(true); }
  void ask(bool required) {
    anchor = ca.certificate();
    serve(leaf, {.certificates = {}, .alpn = {}, .rules = {}, .clients = ClientCertificateRules{.ca_pem = {anchor}, .required = required}, .session_scope = anchor});
  }
  std::shared_ptr<const TlsClientContext> showing(const Issued& issued) {
    shown = issued.pem();
    return trusting(ca, {.ca_pem = {}, .system_roots = false, .certificate = TlsCertificate{shown.chain, shown.key}, .alpn = {}, .rules = {}});
  }
  std::string anchor;
  testing::Pem shown;
  Issued good{"client", "", &ca};
  Issued stranger{"stranger", ""};
};

TEST_F(ClientCertificateTest, LetsInWhoShowsAGoodOne) {
  EXPECT_EQ(connect(*showing(good), kPeer).text, "hello");
  EXPECT_TRUE(server.client_verified);
}

TEST_F(ClientCertificateTest, KeepsOutWhoShowsABadOneOrNone) {
  EXPECT_EQ(connect(*showing(stranger), kPeer).text, "");
  EXPECT_EQ(server.handshake, Handshake::Failed);
  EXPECT_EQ(server.error, "the peer's certificate is not accepted: self-signed certificate");
  EXPECT_EQ(connect(*trusting(ca), kPeer).text, "");
  EXPECT_EQ(server.error, "peer did not return a certificate");
}

TEST_F(ClientCertificateTest, MayAskAndGoOnAnyway) {
  ask(false);
  EXPECT_EQ(connect(*showing(good), kPeer).text, "hello");
  EXPECT_TRUE(server.client_verified);
  EXPECT_EQ(connect(*showing(stranger), kPeer).text, "hello");
  EXPECT_FALSE(server.client_verified);
  EXPECT_EQ(connect(*trusting(ca), kPeer).text, "hello");
  EXPECT_FALSE(server.client_verified);
}

TEST_F(ClientCertificateTest, ASessionOfOtherRulesIsNoWayIn) {
  const auto sessions = std::make_shared<TlsSessions>();
  const auto context = trusting(ca);
  serve(leaf);
  EXPECT_EQ(connect(*context, kPeer, sessions).text, "hello");
  ask(true);
  EXPECT_EQ(connect(*context, kPeer, sessions).text, "");
  EXPECT_EQ(server.handshake, Handshake::Failed);
}

}  // namespace
}  // namespace cardea::net
