// SPDX-License-Identifier: Apache-2.0
#include "app/metrics_page.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include "app/build_info.h"

namespace cardea::app {
namespace {

class Page {
 public:
  template <class Number>
  void add(std::string_view name, std::string_view type, std::string_view help, Number value) {
    head(name, type, help);
    fmt::format_to(out(), "{} {}\n", name, value);
  }
  void histogram(std::string_view name, std::string_view help, const base::Histogram& histogram) {
    head(name, "histogram", help);
    const auto snapshot = histogram.read();
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
      total += snapshot.counts[i];
      fmt::format_to(out(), "{}_bucket{{le=\"{}\"}} {}\n", name, static_cast<double>(histogram.bounds()[i]) / 1e6, total);
    }
    total += snapshot.counts[histogram.bounds().size()];
    fmt::format_to(out(), "{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, total,
                   static_cast<double>(snapshot.sum) / 1e6);
  }
  void line(std::string_view text) { (text_ += text) += '\n'; }
  void head(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(out(), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  std::string take() { return std::move(text_); }

 private:
  std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }
  std::string text_;
};

// Unix seconds: when this was first asked for, which main does at once.
double now_in_seconds() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void add_build(Page& page, bool ready) {
  page.head("cardea_build_info", "gauge", "Always 1; the labels say what this program was built from.");
  const base::Value build = build_info();
  page.line(fmt::format("cardea_build_info{{version=\"{}\",commit=\"{}\"}} 1", build.find("version")->as_string(),
                        build.find("commit")->as_string()));
  page.add("cardea_ready", "gauge", "1 when /readyz says so.", int{ready});
}

void add_control(Page& page, const control::Metrics& control) {
  page.add("cardea_control_objects", "gauge", "Objects in the store.", control.objects.value());
  page.add("cardea_control_changes_total", "counter", "Changes to objects that counted.", control.changes.value());
  page.add("cardea_control_batches_total", "counter", "Batches of changes.", control.batches.value());
  page.add("cardea_control_publications_total", "counter", "Plans that were brought live.", control.publications.value());
  page.add("cardea_control_status_writes_total", "counter", "Statuses of objects that were written.",
           control.status_writes.value());
  page.histogram("cardea_control_translate_seconds", "Durations of translation.", control.translate_microseconds);
  page.histogram("cardea_control_publish_seconds", "Durations of bringing plans live in every worker.",
                 control.publish_microseconds);
}

void add_process(Page& page, const ProcessFacts& process) {
  page.add("process_cpu_seconds_total", "counter", "User and system CPU time.", process.cpu_seconds);
  page.add("process_start_time_seconds", "gauge", "Start of the process, Unix time.", process.start_time);
  page.add("process_resident_memory_bytes", "gauge", "Resident memory.", process.resident_bytes);
  page.add("process_private_memory_bytes", "gauge", "Resident memory that is not shared.", process.private_bytes);
  page.add("process_open_fds", "gauge", "Open file descriptors.", process.open_files);
  page.add("process_threads", "gauge", "Threads.", process.threads);
}

}  // namespace

ProcessFacts read_process_facts() {
  static const double kStart = now_in_seconds();
  ProcessFacts facts;
  facts.start_time = kStart;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  facts.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);

  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::uint64_t size = 0, resident = 0, shared = 0;
  if (std::ifstream("/proc/self/statm") >> size >> resident >> shared) {
    facts.resident_bytes = resident * page;
    facts.private_bytes = (resident - shared) * page;
  }
  const auto entries = [](const char* folder) {
    std::error_code error;
    std::uint64_t count = 0;
    for (auto at = std::filesystem::directory_iterator(folder, error); !error && at != std::filesystem::directory_iterator();
         at.increment(error)) {
      ++count;
    }
    return count;
  };
  facts.open_files = entries("/proc/self/fd");
  facts.threads = entries("/proc/self/task");
  return facts;
}

std::string proxy_metrics(const ProxyFacts& proxy, const ProcessFacts& process) {
  Page page;
  add_build(page, proxy.ready);
  page.add("cardea_controllers", "gauge", "Controllers with a stream, now.", proxy.controllers);
  page.add("cardea_streams_total", "counter", "Streams with controllers that were begun.", proxy.streams);
  page.add("cardea_stream_failures_total", "counter", "Streams with controllers that could not begin, or broke.", proxy.stream_failures);
  page.add("cardea_plans_total", "counter", "Plans that were brought live.", proxy.plans);
  page.add("cardea_plan_parts_total", "counter", "Parts of plans that were received.", proxy.parts);
  page.add("cardea_plan_refusals", "gauge", "Parts of the plan that could not be taken over, now.", proxy.refusals);
  page.add("cardea_bind_failures", "gauge", "Addresses with ports that could not be bound, now.", proxy.bind_failures);
  page.add("cardea_access_log_write_dropped_total", "counter",
           "Lines of the access log that its reader was too slow to take.", proxy.log_lines_dropped);
  add_process(page, process);
  return page.take();
}

std::string control_metrics(const control::Metrics& control, const ServeFacts& serve, const ProcessFacts& process) {
  Page page;
  add_build(page, serve.ready);
  page.add("cardea_manifest_problems", "gauge", "What is wrong with manifests and files now.", serve.problems);
  page.add("cardea_bind_failures", "gauge", "Addresses with ports that could not be bound, now.", serve.bind_failures);
  page.add("cardea_access_log_write_dropped_total", "counter",
           "Lines of the access log that its reader was too slow to take.", serve.log_lines_dropped);
  add_control(page, control);
  add_process(page, process);
  return page.take();
}

std::string controller_metrics(const control::Metrics& control, const ControllerFacts& facts, const ProcessFacts& process) {
  Page page;
  add_build(page, facts.ready);
  page.add("cardea_leading", "gauge", "1 when this replica writes statuses and makes proxies.", int{facts.leading});
  page.add("cardea_controller_problems", "gauge", "Kinds, objects and writes that something is wrong with, now.", facts.problems);
  page.add("cardea_kube_requests_total", "counter", "Requests that were sent to the API server.", facts.requests);
  page.add("cardea_kube_request_failures_total", "counter", "Requests to the API server without a success.", facts.request_failures);
  page.add("cardea_kube_throttled_total", "counter", "Answers of the API server that asked us to wait.", facts.throttled);
  page.add("cardea_kube_watch_failures_total", "counter", "Lists and watches that failed or broke off.", facts.watch_failures);
  page.add("cardea_kube_events_total", "counter", "Objects that lists and watches told.", facts.events);
  page.add("cardea_kube_undecodable_total", "counter", "Objects among them that could not be used.", facts.undecodable);
  page.add("cardea_referenced_objects", "gauge", "Secrets and ConfigMaps that are referred to.", facts.referenced);
  page.add("cardea_status_writes_total", "counter", "Statuses that the API server took.", facts.status_writes);
  page.add("cardea_status_conflicts_total", "counter", "Statuses that somebody was faster with.", facts.status_conflicts);
  page.add("cardea_status_failures_total", "counter", "Statuses that were refused, or did not arrive.", facts.status_failures);
  page.add("cardea_status_undone_total", "counter", "Times that somebody changed an entry of ours.", facts.status_undone);
  page.add("cardea_status_waiting", "gauge", "Statuses that are to be written.", facts.status_waiting);
  page.add("cardea_proxies", "gauge", "Streams of plans to proxies.", facts.proxies);
  page.add("cardea_proxies_refused_total", "counter", "Connections for plans that were refused.", facts.proxies_refused);
  page.add("cardea_provision_applied_total", "counter", "Objects of Gateways that were applied.", facts.applied);
  page.add("cardea_provision_deleted_total", "counter", "Objects of Gateways that were deleted.", facts.deleted);
  page.add("cardea_provision_failures_total", "counter", "Attempts to make what a Gateway needs that failed.", facts.provision_failures);
  add_control(page, control);
  add_process(page, process);
  return page.take();
}

}  // namespace cardea::app
