// SPDX-License-Identifier: Apache-2.0
// Credentials: the texts of a Config as they are now. Files are looked at again when they may have changed: projected
// tokens are replaced every hour, client certificates and CAs now and then. One thread; reading blocks for a moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "kube/config.h"

namespace cardea::kube {

// One text. current() asks the file system at most once in kLook; a file that cannot be read keeps its last content.
class FreshText {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kLook{1000};

  explicit FreshText(TextSource source) : source_(std::move(source)), text_(source_.text) {}

  base::Result<> refresh(Time now);
  const std::string& text() const { return text_; }
  // Rises with each new content.
  std::uint64_t version() const { return version_; }

 private:
  TextSource source_;
  std::string text_;
  std::string signature_;  // what stat(2) says of what was read
  Time looked_{};
  bool read_ = false;
  std::uint64_t version_ = 0;
};

class Credentials {
 public:
  explicit Credentials(const Config& config)
      : ca(config.ca), certificate(config.client_certificate), key(config.client_key), token(config.token) {}

  base::Result<> refresh(FreshText::Time now);
  // Of what TLS needs.
  std::uint64_t tls_version() const { return ca.version() + certificate.version() + key.version(); }

  FreshText ca, certificate, key, token;
};

}  // namespace cardea::kube
