// SPDX-License-Identifier: Apache-2.0
#include "kube/credentials.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <utility>

#include "base/file.h"

namespace cardea::kube {
namespace {

std::string signature_of(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{} {} {} {}.{}", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

}  // namespace

base::Result<> FreshText::refresh(Time now) {
  if (source_.file.empty() || (read_ && now - looked_ < kLook)) return {};
  looked_ = now;
  std::string signature = signature_of(source_.file);
  if (read_ && signature == signature_) return {};
  auto content = base::read_file(source_.file);
  if (!content && read_) return {};  // it is being replaced; what we have may still do
  if (!content) return std::unexpected(std::move(content).error());
  signature_ = std::move(signature);
  if (!read_ || *content != text_) ++version_;
  read_ = true;
  text_ = *std::move(content);
  return {};
}

base::Result<> Credentials::refresh(FreshText::Time now) {
  for (FreshText* text : {&ca, &certificate, &key, &token}) {
    if (auto fresh = text->refresh(now); !fresh) return fresh;
  }
  return {};
}

}  // namespace cardea::kube
