// SPDX-License-Identifier: Apache-2.0
#include "app/flags.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <utility>

#include "app/command_flags.h"

namespace cardea::app {
namespace {

constexpr std::string_view kAbout =
    "Cardea, a gateway for the Kubernetes Gateway API.\n\n"
    "  cardea serve PATH...   serves a folder of manifests, no cluster needed\n"
    "  cardea controller      the Gateway API of a Kubernetes cluster: statuses, proxies and their plans\n"
    "  cardea proxy           the data plane of one Gateway in a cluster, told by `cardea controller`\n"
    "  cardea echo            a backend for trials that answers with what it received\n"
    "  cardea version         what this program was built from\n\n"
    "`cardea COMMAND --help` tells more.\n";

constexpr std::string_view kServeAbout =
    "Serves the Gateways in manifests of the Gateway API and follows every change to them.\n\n"
    "PATH is a file, or a folder with its sub-folders, in which files that end in .yaml, .yml or .json\n"
    "are read; names that start with a dot are passed over. Files hold one or several objects (YAML\n"
    "documents, or a List).\n";

constexpr std::string_view kServeNotes =
    "Durations are written like 500ms, 15s, 2m or 1h30m; sizes in bytes or like 64k, 1M, 2G.\n"
    "Signals: TERM and INT drain and end, a second one ends at once; HUP reads all files again.\n"
    "Exit codes: 0 ended as asked, 1 could not start or go on, 2 wrong arguments.";

constexpr std::string_view kProxyAbout =
    "Serves the plan of one Gateway, which it takes from the controllers of a cluster.\n\n"
    "It calls every controller, takes plans from one of them and reports to all; while none can be reached the\n"
    "last plan stays live. In a cluster the controller starts these by itself, one Deployment a Gateway.\n";

constexpr std::string_view kProxyNotes =
    "Signals: TERM and INT drain and end, a second one ends at once; HUP opens the access log again.\n"
    "Exit codes: 0 ended as asked, 1 could not start, 2 wrong arguments.";

constexpr std::string_view kControllerAbout =
    "Serves the Gateway API of a Kubernetes cluster: makes proxies for each Gateway, tells them their plans,\n"
    "and writes statuses. Of several replicas one writes; all tell plans.\n";

constexpr std::string_view kControllerNotes =
    "SELECTOR is written as for kubectl: team=shop,tier in (a,b),!internal.\n"
    "Signals: TERM and INT give the lease back and end.\n"
    "Exit codes: 0 ended as asked, 1 could not start, 2 wrong arguments.";

constexpr std::string_view kEchoAbout =
    "Answers every request with 200 and JSON that says who it is and what it received.\n\n"
    "A path that ends in /status/NNN is answered with that status, ?delay=500ms waits first, ?bytes=64k\n"
    "answers with that many bytes, and a request field X-Echo-Set-Header: Name: value adds a field to the\n"
    "response.\n\n"
    "A WebSocket gets its messages back, and so does a call of gRPC, whatever its service and method:\n"
    "each message as it comes. Its metadata x-echo-name says who answered; x-echo-grpc-status: 5 is\n"
    "answered with that status, x-echo-delay: 500ms waits first.\n";

void add_option(CLI::App& app, const Flag& flag) {
  const std::string name = "--" + flag.name;
  // The library wants what is wrong thrown.
  const auto take = [name, take = flag.take](const std::string& text) {
    if (const auto taken = take(text); !taken) throw CLI::ValidationError(name, taken.error().message);
  };
  if (flag.shape == Flag::Shape::Switch) {
    app.add_flag_callback(name, [take] { take("true"); }, flag.help)->group(flag.group);
    return;
  }
  CLI::Option* option = nullptr;
  if (flag.shape == Flag::Shape::Repeatable) {
    const auto each = [take](const std::vector<std::string>& texts) { std::ranges::for_each(texts, take); };
    option = app.add_option_function<std::vector<std::string>>(name, each, flag.help);
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
  } else {
    option = app.add_option_function<std::string>(name, take, flag.help);
    if (flag.shape == Flag::Shape::OneOrNone) option->expected(0, 1);
  }
  option->type_name(flag.type)->group(flag.group);
}

Exit usage(const CLI::App& app, std::string_view wrong) {
  std::string program = app.get_name();
  if (const auto used = app.get_subcommands(); !used.empty()) program += " " + used.front()->get_name();
  return {kExitUsage, fmt::format("{}: {}\nTry: {} --help\n", program, wrong, program)};
}

Exit exit_of(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, unused;
  return app.exit(error, out, unused) == 0 ? Exit{0, out.str()} : usage(app, error.what());
}

// A command of the command line, and the settings that its flags fill.
template <class Settings>
class Subcommand {
 public:
  Subcommand(CLI::App& app, std::string name, std::string_view about, std::string_view notes, Settings defaults)
      : settings_(std::move(defaults)), app_(*app.add_subcommand(std::move(name), std::string(about))->group("")) {
    app_.footer(std::string(notes));
    FlagList flags;
    add_flags(flags, settings_);
    for (const Flag& flag : flags.flags()) add_option(app_, flag);
  }
  Subcommand(const Subcommand&) = delete;
  Subcommand& operator=(const Subcommand&) = delete;

  CLI::App& app() { return app_; }
  Settings& settings() { return settings_; }
  bool chosen() const { return app_.parsed(); }

  std::variant<Command, Exit> command(const CLI::App& top) {
    if (const auto fine = complete(settings_); !fine) return usage(top, fine.error().message);
    return Command{std::move(settings_)};
  }

 private:
  Settings settings_;
  CLI::App& app_;
};

}  // namespace

std::variant<Command, Exit> parse_flags(std::vector<std::string> arguments) {
  CLI::App app{std::string(kAbout), "cardea"};
  app.get_formatter()->column_width(40);

  Subcommand<ServeSettings> serve(app, "serve", kServeAbout, kServeNotes, default_serve_settings());
  serve.app().add_option("PATH", serve.settings().paths, "manifests: files or folders")->required();
  Subcommand<ProxySettings> proxy(app, "proxy", kProxyAbout, kProxyNotes, default_proxy_settings());
  Subcommand<ControllerSettings> controller(app, "controller", kControllerAbout, kControllerNotes, default_controller_settings());
  Subcommand<EchoSettings> echo(app, "echo", kEchoAbout, {}, default_echo_settings());
  bool version = false;
  app.add_flag("--version", version, "Print what this program was built from and exit");
  const CLI::App* const version_app = app.add_subcommand("version", "Prints what this program was built from.")->group("");

  try {
    std::ranges::reverse(arguments);  // as CLI11 takes a vector
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return exit_of(app, error);
  }
  if (serve.chosen()) return serve.command(app);
  if (proxy.chosen()) return proxy.command(app);
  if (controller.chosen()) return controller.command(app);
  if (echo.chosen()) return echo.command(app);
  if (version_app->parsed() || version) return Command{VersionSettings{}};
  return usage(app, "what to do is missing: serve, controller, proxy, echo or version");
}

}  // namespace cardea::app
