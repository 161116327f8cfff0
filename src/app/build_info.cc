// SPDX-License-Identifier: Apache-2.0
#include "app/build_info.h"

#include <fmt/core.h>

#include <string_view>

#include <git_commit.h>

namespace cardea::app {
namespace {

constexpr std::string_view kVersion = "0.1.0";
constexpr std::string_view kCommit = CARDEA_GIT_COMMIT;
constexpr std::string_view kCommitDate = CARDEA_GIT_DATE;

std::string compiler() {
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
}

std::string_view kind() {
#if __has_feature(address_sanitizer)
  return "address sanitizer";
#elif __has_feature(thread_sanitizer)
  return "thread sanitizer";
#elif defined(NDEBUG)
  return "release";
#else
  return "debug";
#endif
}

}  // namespace

base::Value build_info() {
  base::Value info = base::Value::Object{};
  info.add("name", "cardea");
  info.add("version", kVersion);
  info.add("commit", kCommit);
  info.add("commitDate", kCommitDate);
  info.add("compiler", compiler());
  info.add("cxxStandard", std::int64_t{__cplusplus});
  info.add("build", kind());
  return info;
}

std::string version_line() {
  return fmt::format("cardea {} (commit {} of {}, {}, {})", kVersion, kCommit.substr(0, 12), kCommitDate.substr(0, 10),
                     compiler(), kind());
}

}  // namespace cardea::app
