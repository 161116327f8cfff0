// SPDX-License-Identifier: Apache-2.0
// CORS (Fetch standard, section 3.3; facts, 6.13): preflights are answered here, and responses to other origins are decorated.
// What a backend says of CORS itself is replaced.
//
// An origin that is allowed is always named in the answer, also where "*" is configured: that holds with credentials
// and without, and the list "*" of methods and headers is answered with what was asked for. A request from an origin that
// is not allowed goes its way, and its response says nothing of CORS, so that the browser keeps it from the page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/head.h"
#include "http/text_arena.h"
#include "plan/plan.h"
#include "proxy/matcher.h"

namespace cardea::proxy {

// What decides about CORS in a request, before filters change it.
struct CorsRequest {
  std::string_view origin;  // as received; null data: none, or several
  bool credentials = false;
};
CorsRequest cors_request(const http::RequestHead& request);

// OPTIONS with Origin and Access-Control-Request-Method: what it announces.
std::optional<Announced> preflight_of(const http::RequestHead& request, http::TextArena& arena);

// Compiled with the rule, and must outlive the responses that it is applied to.
class CorsFilter {
 public:
  explicit CorsFilter(const plan::Cors& plan);

  bool allows(std::string_view origin) const;
  // The final response to a preflight, but for its body, of which there is none.
  void answer_preflight(const CorsRequest& request, const Announced& announced, http::ResponseHead& response) const;
  void decorate(const CorsRequest& request, http::ResponseHead& response, http::TextArena& arena) const;

 private:
  struct Origin {
    bool secure = false;
    bool below = false;  // `host` is what the host ends with: ".example.com", or nothing at all
    std::string host;
    std::uint16_t port = 0;
    bool fits(const Origin& other) const;
  };
  static std::optional<Origin> parse(std::string_view origin);
  void name_origin(const CorsRequest& request, http::ResponseHead& response) const;

  bool any_origin_ = false;
  bool any_method_ = false;
  bool any_header_ = false;
  bool expose_all_ = false;
  bool credentials_ = false;
  std::vector<Origin> origins_;
  std::string methods_;
  std::string headers_;
  std::string exposed_;
  std::string max_age_;
};

// Whether its texts can stand in a response.
base::Result<> check_cors(const plan::Cors& filter);

}  // namespace cardea::proxy
