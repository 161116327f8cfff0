// SPDX-License-Identifier: Apache-2.0
// The page for Prometheus (text exposition format 0.0.4): every metric with its name and meaning, in one place.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "proxy/metrics.h"
#include "proxy/metrics_registry.h"

namespace cardea::proxy {

namespace {

void append_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  append_value(out, value);
  out += '"';
}

std::string labels_of(const BindSeries& series) {
  std::string out;
  append_label(out, "address", series.address);
  append_label(out, "port", std::to_string(series.port));
  return out;
}

std::string labels_of(const ListenerSeries& series) {
  std::string out;
  append_label(out, "gateway_namespace", series.gateway.namespace_);
  append_label(out, "gateway_name", series.gateway.name);
  if (series.from_listener_set) {
    append_label(out, "listener_set_namespace", series.listener_owner.namespace_);
    append_label(out, "listener_set_name", series.listener_owner.name);
  }
  append_label(out, "listener", series.name);
  return out;
}

std::string labels_of(const RuleSeries& series) {
  std::string out = labels_of(*series.listener);
  const plan::Rule& rule = *series.rule;
  append_label(out, "route_kind", rule.kind == plan::RouteKind::GRPCRoute ? "GRPCRoute" : "HTTPRoute");
  append_label(out, "route_namespace", rule.route.namespace_);
  append_label(out, "route_name", rule.route.name);
  append_label(out, "rule", rule.name.empty() ? std::to_string(rule.index) : rule.name);
  return out;
}

std::string labels_of(const BackendSeries& series) {
  std::string out = labels_of(*series.rule);
  const std::string_view id = series.id;
  const std::size_t slash = std::min(id.find('/'), id.size());
  const std::size_t colon = std::min(id.rfind(':'), id.size());
  const std::size_t name = slash == id.size() ? 0 : slash + 1;
  append_label(out, "backend_namespace", slash == id.size() ? std::string_view() : id.substr(0, slash));
  append_label(out, "backend_name", id.substr(name, colon > name ? colon - name : id.npos));
  append_label(out, "backend_port", colon == id.size() ? std::string_view() : id.substr(colon + 1));
  return out;
}

// One series of the page: its labels and the blocks that workers have made for it.
template <class Block>
struct Row {
  std::string labels;
  std::vector<const Block*> blocks;
};

template <class Block, class Set>
std::vector<Row<Block>> rows_of(const Set& set) {
  std::vector<Row<Block>> rows;
  for (const auto* series : set) {
    Row<Block> row;
    series->counters.for_each([&](const Block& block) { row.blocks.push_back(&block); });
    if (row.blocks.empty()) continue;
    row.labels = labels_of(*series);
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, &Row<Block>::labels);
  return rows;
}

class Page {
 public:
  void metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP ").append(name).append(" ").append(help);
    out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }

  void line(std::string_view suffix, std::string_view labels, std::string_view more, std::string_view value) {
    out_.append(name_).append(suffix);
    if (!labels.empty() || !more.empty()) {
      out_.append("{").append(labels);
      if (!labels.empty() && !more.empty()) out_ += ',';
      out_.append(more).append("}");
    }
    out_.append(" ").append(value).append("\n");
  }

  template <class Block, class Value>
  void sums(const std::vector<Row<Block>>& rows, Value&& value) {
    for (const auto& row : rows) {
      std::int64_t sum = 0;
      for (const Block* block : row.blocks) sum += static_cast<std::int64_t>(value(*block));
      line("", row.labels, "", std::to_string(sum));
    }
  }

  // One line for each of `count` counters that is not 0; `label` gives the text of the labels that tell them apart.
  template <class Block, class Value, class Label>
  void sums_by(const std::vector<Row<Block>>& rows, std::size_t count, Value&& value, Label&& label) {
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t sum = 0;
        for (const Block* block : row.blocks) sum += value(*block, i);
        if (sum != 0) line("", row.labels, label(i), std::to_string(sum));
      }
    }
  }

  template <class Block>
  void by_code(const std::vector<Row<Block>>& rows) {
    sums_by(
        rows, StatusCounters::kSize, [](const Block& block, std::size_t i) { return block.responses.value(i); },
        [](std::size_t i) { return "code=\"" + std::string(StatusCounters::label(i)) + "\""; });
  }

  template <class Block>
  void by_reason(const std::vector<Row<Block>>& rows) {
    sums_by(
        rows, kReasons, [](const Block& block, std::size_t i) { return block.failures.value(i); },
        [](std::size_t i) {
          const FailureInfo& info = describe(static_cast<Reason>(i));
          return "reason=\"" + std::string(info.name) + "\",side=\"" + std::string(name_of(info.side)) + "\"";
        });
  }

  template <class Block>
  void durations(const std::vector<Row<Block>>& rows) {
    for (const auto& row : rows) {
      base::Histogram::Snapshot sum;
      for (const Block* block : row.blocks) sum.add(block->duration.read());
      std::uint64_t below = 0;
      for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
        below += sum.counts[i];
        line("_bucket", row.labels, kBucketLabels[i], std::to_string(below));
      }
      const std::string total = std::to_string(sum.total());
      line("_bucket", row.labels, "le=\"+Inf\"", total);
      line("_sum", row.labels, "", seconds(sum.sum));
      line("_count", row.labels, "", total);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  static constexpr std::array<std::string_view, kDurationBounds.size()> kBucketLabels = {
      "le=\"0.0005\"", "le=\"0.001\"", "le=\"0.0025\"", "le=\"0.005\"", "le=\"0.01\"", "le=\"0.025\"",
      "le=\"0.05\"",   "le=\"0.1\"",   "le=\"0.25\"",   "le=\"0.5\"",   "le=\"1\"",    "le=\"2.5\"",
      "le=\"5\"",      "le=\"10\"",    "le=\"30\"",     "le=\"60\""};

  static std::string seconds(std::uint64_t microseconds) {
    std::string fraction = std::to_string(microseconds % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    return std::to_string(microseconds / 1'000'000) + "." + fraction;
  }

  std::string out_;
  std::string_view name_;
};

void render_binds(Page& page, const std::vector<Row<BindCounters>>& binds) {
  page.metric("cardea_client_connections_total", "counter", "Connections accepted from clients.");
  page.sums(binds, [](const BindCounters& c) { return c.connections.value(); });
  page.metric("cardea_client_connections_active", "gauge", "Connections of clients that are open.");
  page.sums(binds, [](const BindCounters& c) { return c.active_connections.value(); });
  page.metric("cardea_tls_handshake_failures_total", "counter", "TLS handshakes with clients that failed.");
  page.sums(binds, [](const BindCounters& c) { return c.tls_failed.value(); });
}

void render_http2(Page& page, const std::vector<Row<BindCounters>>& binds) {
  page.metric("cardea_http2_connections_total", "counter", "Connections of clients that spoke HTTP/2.");
  page.sums(binds, [](const BindCounters& c) { return c.http2_connections.value(); });
  page.metric("cardea_http2_streams_total", "counter", "Streams that clients opened.");
  page.sums(binds, [](const BindCounters& c) { return c.http2_streams.value(); });
  page.metric("cardea_http2_streams_refused_total", "counter", "Streams that were refused because too many were open.");
  page.sums(binds, [](const BindCounters& c) { return c.http2_streams_refused.value(); });
  page.metric("cardea_http2_streams_reset_total", "counter", "Streams that clients reset before the end of their response.");
  page.sums(binds, [](const BindCounters& c) { return c.http2_streams_reset.value(); });
  page.metric("cardea_http2_streams_stalled_total", "counter", "Streams that were reset because the client took nothing of them.");
  page.sums(binds, [](const BindCounters& c) { return c.http2_streams_stalled.value(); });
  page.metric("cardea_http2_connection_faults_total", "counter", "Connections of HTTP/2 that were ended for what the client did.");
  page.sums_by(
      binds, Http2FaultCounters::kNames.size(), [](const BindCounters& c, std::size_t i) { return c.http2_faults.value(i); },
      [](std::size_t i) { return "fault=\"" + std::string(Http2FaultCounters::kNames[i]) + "\""; });
}

void render_handshakes(Page& page, const std::vector<Row<ListenerCounters>>& listeners) {
  page.metric("cardea_tls_handshakes_total", "counter", "TLS handshakes with clients that succeeded.");
  page.sums_by(
      listeners, 2,
      [](const ListenerCounters& c, std::size_t i) { return i == 0 ? c.tls_full.value() : c.tls_resumed.value(); },
      [](std::size_t i) { return i == 0 ? "resumed=\"false\"" : "resumed=\"true\""; });
}

void render_rules(Page& page, const std::vector<Row<RuleCounters>>& rules) {
  page.metric("cardea_http_requests_active", "gauge", "Requests under way.");
  page.sums(rules, [](const RuleCounters& c) { return c.active.value(); });
  page.metric("cardea_http_request_duration_seconds", "histogram",
              "From the first byte of a request to the end of its response.");
  page.durations(rules);
  page.metric("cardea_http_request_body_bytes_total", "counter", "Bytes of request bodies received.");
  page.sums(rules, [](const RuleCounters& c) { return c.bytes_in.value(); });
  page.metric("cardea_http_response_body_bytes_total", "counter", "Bytes of response bodies sent.");
  page.sums(rules, [](const RuleCounters& c) { return c.bytes_out.value(); });
}

void render_backends(Page& page, const std::vector<Row<BackendCounters>>& backends) {
  page.metric("cardea_backend_attempts_total", "counter", "Attempts to have a backend answer a request.");
  page.sums(backends, [](const BackendCounters& c) { return c.attempts.value(); });
  page.metric("cardea_backend_retries_total", "counter", "Attempts that followed another one of the same request.");
  page.sums(backends, [](const BackendCounters& c) { return c.retries.value(); });
  page.metric("cardea_backend_failures_total", "counter", "Attempts that failed, by reason.");
  page.by_reason(backends);
  page.metric("cardea_backend_responses_total", "counter", "Responses as backends gave them.");
  page.by_code(backends);
  page.metric("cardea_mirrored_requests_total", "counter", "Copies of requests that a backend received whole and answered.");
  page.sums_by(
      backends, 1, [](const BackendCounters& c, std::size_t) { return c.mirrored.value(); },
      [](std::size_t) { return std::string(); });
  page.metric("cardea_mirrored_requests_dropped_total", "counter", "Copies of requests that were dropped, by reason.");
  page.sums_by(
      backends, kMirrorDrops, [](const BackendCounters& c, std::size_t i) { return c.mirrors_dropped[i].value(); },
      [](std::size_t i) { return "reason=\"" + std::string(name_of(static_cast<MirrorDrop>(i))) + "\""; });
  page.metric("cardea_backend_connections_opened_total", "counter", "Connections opened to backends.");
  page.sums(backends, [](const BackendCounters& c) { return c.connections.value(); });
  page.metric("cardea_backend_response_duration_seconds", "histogram",
              "From the choice of an endpoint to the head of its response.");
  page.durations(backends);
}

void render_workers(Page& page, const std::vector<Row<WorkerCounters>>& workers) {
  page.metric("cardea_worker_requests_active", "gauge", "Requests under way in a worker.");
  page.sums(workers, [](const WorkerCounters& c) { return c.active_requests.value(); });
  page.metric("cardea_backend_connections_idle", "gauge", "Connections to backends kept for reuse.");
  page.sums(workers, [](const WorkerCounters& c) { return c.idle_backend_connections.value(); });
  page.metric("cardea_access_log_lines_total", "counter", "Lines of the access log written.");
  page.sums(workers, [](const WorkerCounters& c) { return c.log_lines.value(); });
  page.metric("cardea_access_log_dropped_lines_total", "counter", "Lines of the access log dropped for want of room.");
  page.sums(workers, [](const WorkerCounters& c) { return c.log_lines_dropped.value(); });
}

}  // namespace

std::string Metrics::render() const {
  const auto binds = rows_of<BindCounters>(registry_->binds);
  const auto listeners = rows_of<ListenerCounters>(registry_->listeners);
  const auto rules = rows_of<RuleCounters>(registry_->rules);
  const auto backends = rows_of<BackendCounters>(registry_->backends);
  std::vector<Row<WorkerCounters>> workers;
  for (unsigned i = 0; i < workers_.size(); ++i)
    workers.push_back({"worker=\"" + std::to_string(i) + "\"", {workers_[i].get()}});

  Page page;
  render_binds(page, binds);
  render_http2(page, binds);
  render_handshakes(page, listeners);
  page.metric(
      "cardea_http_requests_total", "counter",
      "Requests by the status that the client got; without a route, or a listener, when none took the request.");
  page.by_code(binds);
  page.by_code(listeners);
  page.by_code(rules);
  page.metric("cardea_http_failures_total", "counter",
              "Requests and connections that failed, by reason and whose side it was.");
  page.by_reason(binds);
  page.by_reason(listeners);
  render_rules(page, rules);
  render_backends(page, backends);
  render_workers(page, workers);
  return page.take();
}

}  // namespace cardea::proxy
