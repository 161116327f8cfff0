// SPDX-License-Identifier: Apache-2.0
#include "kube/config.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace cardea::kube {
namespace {

constexpr std::string_view kFile = R"(
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: c1, user: u1, namespace: shop}}
- {name: two, context: {cluster: c2, user: u2}}
- {name: bad-user, context: {cluster: c1, user: plugin}}
- {name: no-cluster, context: {cluster: none, user: u1}}
clusters:
- {name: c1, cluster: {server: "https://10.0.0.1:6443", certificate-authority: pki/ca.crt, tls-server-name: api}}
- {name: c2, cluster: {server: "https://[fd00::1]:443/k8s/one/", certificate-authority-data: Q0E=}}
users:
- {name: u1, user: {client-certificate: a.crt, client-key: /abs/a.key}}
- {name: u2, user: {token: t2}}
- {name: plugin, user: {exec: {command: x}}}
)";

TEST(Config, ReadsAKubeconfigAndItsContexts) {
  const auto one = parse_kubeconfig(kFile, "/etc/k");
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->server(), "https://10.0.0.1:6443");
  EXPECT_EQ(one->ca.file, "/etc/k/pki/ca.crt");
  EXPECT_EQ(one->client_certificate.file, "/etc/k/a.crt");
  EXPECT_EQ(one->client_key.file, "/abs/a.key");
  EXPECT_EQ(one->tls_server_name, "api");
  EXPECT_EQ(one->namespace_, "shop");

  const auto two = parse_kubeconfig(kFile, "/etc/k", "two");
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(two->host, "fd00::1");
  EXPECT_EQ(two->path_prefix, "/k8s/one");
  EXPECT_EQ(two->server(), "https://[fd00::1]:443/k8s/one");
  EXPECT_EQ(two->ca.text, "CA");
  EXPECT_EQ(two->token.text, "t2");
  EXPECT_EQ(two->namespace_, "default");
}

TEST(Config, SaysWhatIsWrong) {
  const auto error = [](std::string_view text, const std::string& context = {}) {
    const auto config = parse_kubeconfig(text, "", context);
    return config ? std::string("none") : config.error().message;
  };
  EXPECT_EQ(error(kFile, "bad-user"), "users with \"exec\" are not supported: use a token or a client certificate");
  EXPECT_EQ(error(kFile, "no-cluster"), "clusters has no entry \"none\" with a cluster");
  EXPECT_EQ(error(kFile, "three"), "contexts has no entry \"three\" with a context");
  EXPECT_EQ(error("a: b"), "there is no current-context, and none was named");
  EXPECT_EQ(error("- a"), "this is no kubeconfig");
  EXPECT_FALSE(error("a: [").empty());
  const auto server = [&](std::string_view url, std::string_view more = "") {
    return error(fmt::format("current-context: a\ncontexts: [{{name: a, context: {{cluster: c}}}}]\n"
                             "clusters: [{{name: c, cluster: {{server: \"{}\"{}}}}}]\n", url, more));
  };
  EXPECT_EQ(server("http://127.0.0.1:8001"), "none");
  for (const std::string_view bad : {"10.0.0.1", "https://", "https://a:0", "https://[::1", "https://u@h"}) {
    EXPECT_EQ(server(bad), fmt::format("server \"{}\" is not a URL such as https://10.0.0.1:6443", bad));
  }
  EXPECT_TRUE(server("https://a", ", insecure-skip-tls-verify: true").contains("not supported"));
}

TEST(Config, UsersAreATokenOrACertificateInlineOrInFiles) {
  const auto with_user = [](std::string_view user) {
    return parse_kubeconfig(fmt::format("current-context: a\ncontexts: [{{name: a, context: {{cluster: c, user: u}}}}]\n"
                                        "clusters: [{{name: c, cluster: {{server: \"https://a\"}}}}]\nusers: [{{name: u, user: {}}}]\n", user),
                            "/etc/k");
  };
  const auto inline_ = with_user("{client-certificate-data: Qw==, client-certificate: c.crt, client-key-data: Sw==}");
  ASSERT_TRUE(inline_) << inline_.error().message;
  EXPECT_EQ(inline_->client_certificate, (TextSource{.text = "C", .file = {}})) << "data goes before the file";
  EXPECT_EQ(inline_->client_key.text, "K");
  const auto token_file = with_user("{token: old, tokenFile: run/token}");
  ASSERT_TRUE(token_file) << token_file.error().message;
  EXPECT_EQ(token_file->token, (TextSource{.text = {}, .file = "/etc/k/run/token"})) << "the file goes before what is inline";
  const auto nobody = with_user("{}");
  ASSERT_TRUE(nobody) << nobody.error().message;
  EXPECT_TRUE(nobody->token.empty() && nobody->client_certificate.empty());

  const auto error = [&](std::string_view user) { return with_user(user).error().message; };
  EXPECT_EQ(error("{auth-provider: {name: oidc}}"), "users with \"auth-provider\" are not supported: use a token or a client certificate");
  EXPECT_EQ(error("{username: a, password: b}"), "users with \"username\" are not supported: use a token or a client certificate");
  EXPECT_EQ(error("{token: t, as: root}"), "users with \"as\" are not supported: use a token or a client certificate");
  EXPECT_EQ(error("{client-certificate: a.crt}"), "client-certificate and client-key are only of use together");
  EXPECT_EQ(error("{client-certificate-data: '?', client-key: b}"), "client-certificate-data is not base64");
}

TEST(Config, SeveralFilesInTheEnvironmentAreRefusedByName) {
  const char* const before = getenv("KUBECONFIG");
  const std::string kept = before ? before : "";
  setenv("KUBECONFIG", "/none/a:/none/b", 1);
  const auto config = find_config("", "");
  if (before) setenv("KUBECONFIG", kept.c_str(), 1);
  else unsetenv("KUBECONFIG");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message, "KUBECONFIG names several files (/none/a:/none/b): they are not joined; name one, or give --kubeconfig");
}

TEST(Config, TakesWhatAPodIsGiven) {
  const std::string folder = ::testing::TempDir() + "/cardea-pod";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  EXPECT_FALSE(in_cluster_config("10.96.0.1", "443", folder)) << "no token";
  ASSERT_TRUE(base::write_file_atomically(folder + "/token", "t"));
  ASSERT_TRUE(base::write_file_atomically(folder + "/ca.crt", "c"));
  ASSERT_TRUE(base::write_file_atomically(folder + "/namespace", "cardea-system\n"));
  const auto config = in_cluster_config("10.96.0.1", "443", folder);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server(), "https://10.96.0.1:443");
  EXPECT_EQ(config->namespace_, "cardea-system");
  EXPECT_EQ(config->token.file, folder + "/token");
  EXPECT_FALSE(in_cluster_config("10.96.0.1", "x", folder));
  EXPECT_FALSE(in_cluster_config("", "443", folder));
}

}  // namespace
}  // namespace cardea::kube
