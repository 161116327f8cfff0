// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "app/build_info.h"
#include "app/controller.h"
#include "app/echo.h"
#include "app/flags.h"
#include "app/proxy.h"
#include "app/serve.h"
#include "app/signals.h"

namespace {

using namespace cardea::app;

int run(const ServeSettings& settings) { return run_serve(settings); }
int run(const ControllerSettings& settings) { return run_controller(settings); }
int run(const ProxySettings& settings) { return run_proxy(settings); }
int run(const EchoSettings& settings) { return run_echo(settings); }
int run(const VersionSettings&) {
  fmt::print("{}\n", version_line());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  block_signals();
  const auto parsed = parse_flags(std::vector<std::string>(argv + 1, argv + argc));
  if (const auto* const exit = std::get_if<Exit>(&parsed)) {
    fmt::print(exit->code == 0 ? stdout : stderr, "{}", exit->text);
    return exit->code;
  }
  return std::visit([](const auto& settings) { return run(settings); }, std::get<Command>(parsed));
}
