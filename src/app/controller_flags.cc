// SPDX-License-Identifier: Apache-2.0
#include "api/selector_text.h"
#include "app/command_flags.h"
#include "app/common_flags.h"

namespace cardea::app {
namespace {

base::Result<> take_selector(cluster::WatchScope& scope, const std::string& text) {
  auto selector = api::parse_selector(text);
  if (!selector) return std::unexpected(std::move(selector).error());
  scope.namespace_selector = *std::move(selector);
  return {};
}

void add_cluster_flags(FlagList& flags, ControllerSettings& settings) {
  flags.group("The cluster");
  flags.text("kubeconfig", "FILE", keep(settings.kubeconfig), "how to reach the API server", "the pod's own, $KUBECONFIG, ~/.kube/config");
  flags.text("context", "NAME", keep(settings.context), "of the kubeconfig", "its current one");
  flags.text("namespace", "NAME", keep(settings.namespace_), "where the lease is", "the pod's own, the context's");
  flags.text("controller-name", "NAME", keep(settings.controller_name), "GatewayClasses that name it are ours", settings.controller_name);
  flags.list("watch-namespace", "NAME", [&settings](const std::string& text) -> base::Result<> {
    settings.scope.namespaces.push_back(text);
    return {};
  }, "only objects in it are looked at; repeatable", "all");
  flags.text("watch-namespace-selector", "SELECTOR", [&settings](const std::string& text) { return take_selector(settings.scope, text); },
             "only objects in namespaces with such labels are looked at", "all");
  flags.yes("no-leader-election", settings.no_leader_election, "this is the only replica");
  flags.duration("lease-duration", settings.lease.duration, "how long others wait for a leader that does not renew its lease");
  flags.duration("lease-renew-within", settings.lease.renew_within, "a leader that could not renew it for so long stops leading");
  flags.duration("lease-retry", settings.lease.retry, "between attempts to hold or renew it");
}

}  // namespace

ControllerSettings default_controller_settings() {
  ControllerSettings settings;
  settings.admin = *parse_listen_at("127.0.0.1:9901");
  settings.plans = *parse_listen_at("*:9443");
  return settings;
}

void add_flags(FlagList& flags, ControllerSettings& settings) {
  add_cluster_flags(flags, settings);

  flags.group("Proxies");
  flags.text("plans", "ADDRESS:PORT", [&settings](const std::string& text) { return take_listen_at(settings.plans, text); },
             "where proxies get their plans; *:PORT is all of IPv4 and IPv6", to_string(settings.plans));
  flags.text("plans-address", "HOST:PORT", keep(settings.plans_address), "where proxies reach that: every address of it is a replica",
             "cardea-controller.NAMESPACE.svc:PORT");
  flags.text("proxy-image", "IMAGE", keep(settings.proxy_image), "what proxies are made of", settings.proxy_image);

  flags.group("What it tells");
  add_admin_flag(flags, settings.admin);
  add_log_level_flag(flags, settings.log_level);

  flags.group("Limits and time-outs");
  flags.duration("kube-request-timeout", settings.kube.request_timeout, "of a request to the API server, with all trying again");
  flags.duration("kube-connect-timeout", settings.kube.connect_timeout, "for a connection to the API server");
  flags.number("kube-max-requests", settings.kube.max_requests, "under way at once; watches do not count");
  flags.size("kube-max-answer-bytes", settings.kube.max_answer_bytes, "of the API server; a larger one is an error");
  flags.size("kube-max-event-bytes", settings.kube.max_watch_line_bytes, "an event of a watch; a larger one is an error");
  flags.number("kube-page-size", settings.page_size, "objects in a page of a list");
  flags.duration("outage-grace", settings.outage_grace, "how long after an outage of the API server a Service keeps its last ready endpoints");
  flags.duration("status-hold", settings.status_hold, "how long proxies may take to acknowledge before a status says Pending");
  flags.number("status-writes", settings.status_writes, "statuses that are written at once");
  flags.duration("plan-stream-life", settings.plan_server.stream_life, "of a proxy's stream of plans; then it has to prove itself again");
  flags.duration("plan-report-timeout", settings.plan_server.report_timeout, "for a proxy to say that a plan it was sent is live");
  flags.duration("plan-proof-timeout", settings.plan_server.proof_timeout, "for each of a proxy's handshake, head and token");
  flags.number("plan-max-unproven", settings.plan_server.max_unproven, "connections of proxies that have not proven themselves; more are closed");
}

base::Result<> complete(ControllerSettings& settings) {
  if (!settings.scope.namespaces.empty() && settings.scope.namespace_selector) {
    return base::fail("--watch-namespace and --watch-namespace-selector are not of use together");
  }
  if (settings.lease.retry.count() == 0 || settings.lease.renew_within < settings.lease.retry ||
      settings.lease.duration <= settings.lease.renew_within) {
    return base::fail("--lease-retry must be less than --lease-renew-within, and that less than --lease-duration");
  }
  const cluster::PlanServerLimits& plans = settings.plan_server;
  if (plans.max_unproven == 0 || plans.stream_life.count() == 0 || plans.report_timeout.count() == 0 || plans.proof_timeout.count() == 0) {
    return base::fail("--plan-max-unproven, --plan-stream-life, --plan-report-timeout and --plan-proof-timeout must be more than 0");
  }
  if (settings.kube.max_requests == 0 || settings.status_writes == 0 || settings.page_size == 0) {
    return base::fail("--kube-max-requests, --status-writes and --kube-page-size must be at least 1");
  }
  return {};
}

}  // namespace cardea::app
