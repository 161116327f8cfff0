// SPDX-License-Identifier: Apache-2.0
#include "app/served_plane.h"

#include <utility>

#include "app/listen_addresses.h"
#include "base/log.h"
#include "proxy/metrics.h"

namespace cardea::app {
namespace {

constexpr std::uint64_t kDrainLook = 20;  // ms between looks whether a drain is done

}  // namespace

base::Result<std::optional<LogFile>> open_access_log(const std::optional<std::string>& name) {
  std::optional<LogFile> log;
  if (!name) return log;
  auto file = LogFile::open(*name);
  if (!file) return std::unexpected(std::move(file).error());
  log.emplace(*std::move(file));
  return log;
}

bool ends_at_once(std::optional<int> signal) {
  if (!signal || *signal == SIGHUP) return false;
  base::log_warn("a second signal; requests that are still under way are cut");
  return true;
}

base::Result<> ServedPlane::start(proxy::Settings settings, proxy::DataPlane::Resolve resolve) {
  settings.bind_addresses = listen_addresses(settings.bind_addresses);
  auto plane = proxy::DataPlane::start(std::move(settings), [this](std::string_view lines) { write(lines); }, std::move(resolve));
  if (!plane) return std::unexpected(std::move(plane).error());
  plane_ = *std::move(plane);
  return {};
}

// Parameters of a Gateway may ask for a log where no flag said into which file.
void ServedPlane::write(std::string_view lines) {
  if (!access_log_) {
    auto out = LogFile::open("-");
    if (!out) return;
    access_log_.emplace(*std::move(out));
  }
  access_log_->write(lines);
}

void ServedPlane::flush_logs() {
  if (plane_) plane_->flush_logs();
}

void ServedPlane::reopen_log() {
  if (!access_log_) return;
  if (const auto reopened = access_log_->reopen(); !reopened) base::log_error("{}", reopened.error().message);
}

std::string ServedPlane::metrics() const { return plane_ ? plane_->metrics().render() : std::string(); }

async::Task<void> ServedPlane::drain(async::Loop& loop, Signals& signals, std::chrono::milliseconds timeout) {
  plane_->begin_drain();
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!plane_->drained()) {
    plane_->flush_logs();
    if (std::chrono::steady_clock::now() >= end) {
      base::log_warn("the drain timeout has passed; requests that are still under way are cut");
      co_return;
    }
    const auto signal = co_await signals.next(loop.after(kDrainLook));
    if (ends_at_once(signal)) co_return;
  }
  base::log_info("drained");
}

}  // namespace cardea::app
