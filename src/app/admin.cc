// SPDX-License-Identifier: Apache-2.0
#include "app/admin.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/build_info.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/yaml.h"

namespace cardea::app {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kYaml = "application/yaml";
constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::uint64_t kSendPatience = 30'000;

constexpr std::string_view kIndex =
    "cardea\n"
    "  /status   every object's status and what is wrong (YAML; ?format=json)\n"
    "  /plan     what the data plane was told (JSON, no secrets)\n"
    "  /metrics  for Prometheus\n"
    "  /readyz   200 when traffic may come, 503 while starting or draining\n"
    "  /livez    200 while the control thread lives\n"
    "  /build    what this program was built from\n";

bool wants_json(std::string_view query, std::string_view accept) {
  const auto params = base::split(query, '&');
  if (std::ranges::find(params, "format=json") != params.end()) return true;
  if (std::ranges::find(params, "format=yaml") != params.end()) return false;
  return accept.contains(kJson);
}

AdminResponse status_page(const AdminFacts& facts, bool json) {
  base::Value page = base::Value::Object{};
  base::Value problems = base::Value::Array{};
  for (std::string& problem : facts.problems()) problems.push(std::move(problem));
  page.add("problems", std::move(problems));
  page.add("objects", facts.statuses());
  if (json) return {200, kJson, base::to_pretty_json(page) + "\n"};
  return {200, kYaml, base::to_yaml(page)};
}

AdminResponse index_page(const AdminFacts&) { return {.body = std::string(kIndex)}; }
AdminResponse plan_page(const AdminFacts& facts) { return {200, kJson, base::to_pretty_json(facts.plan()) + "\n"}; }
AdminResponse metrics_page(const AdminFacts& facts) { return {200, kPrometheus, facts.metrics()}; }
AdminResponse alive_page(const AdminFacts&) { return {.body = "alive\n"}; }
AdminResponse build_page(const AdminFacts&) { return {200, kJson, base::to_pretty_json(build_info()) + "\n"}; }
AdminResponse ready_page(const AdminFacts& facts) {
  const std::string why_not = facts.not_ready();
  if (why_not.empty()) return {.body = "ready\n"};
  return {.status = 503, .body = why_not + "\n"};
}

struct Page {
  std::string_view path;
  AdminResponse (*make)(const AdminFacts&);
};
constexpr std::array<Page, 6> kPages{{{"/", index_page},
                                      {"/plan", plan_page},
                                      {"/metrics", metrics_page},
                                      {"/readyz", ready_page},
                                      {"/livez", alive_page},
                                      {"/build", build_page}}};

}  // namespace

AdminResponse answer_admin(const AdminFacts& facts, std::string_view method, std::string_view path, std::string_view query,
                           std::string_view accept) {
  const auto page = std::ranges::find(kPages, path, &Page::path);
  const bool is_status = path == "/status";
  if (page == kPages.end() && !is_status) {
    return {.status = 404, .body = "no such page; / lists all\n"};
  }
  if (method != "GET" && method != "HEAD") return {.status = 405, .body = "only GET and HEAD\n"};
  return is_status ? status_page(facts, wants_json(query, accept)) : page->make(facts);
}

async::Task<void> AdminHandler::handle(conn::Exchange& exchange, const Client&) {
  const http::RequestHead& request = exchange.request;
  const AdminResponse response = answer_admin(facts_, request.method_text, request.path, request.query,
                                              request.fields.joined("Accept", exchange.arena));
  co_await conn::respond_with_text(exchange, response.status, response.content_type, response.body,
                                   exchange.loop().after(kSendPatience));
}

}  // namespace cardea::app
