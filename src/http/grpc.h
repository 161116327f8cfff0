// SPDX-License-Identifier: Apache-2.0
// What HTTP shows of gRPC (gRPC over HTTP/2, "Requests").
#pragma once

#include <string_view>

#include "base/strings.h"
#include "http/head.h"

namespace cardea::http {

// Whether the content type is application/grpc, alone, with a message format ("+proto") or of its web variants ("-web").
inline bool is_grpc_content_type(std::string_view type) {
  constexpr std::string_view kGrpc = "application/grpc";
  if (type.size() < kGrpc.size() || !base::iequals(type.substr(0, kGrpc.size()), kGrpc)) return false;
  return type.size() == kGrpc.size() || std::string_view("+;- \t").contains(type[kGrpc.size()]);
}

inline bool is_grpc(const RequestHead& request) {
  return request.method == Method::Post && is_grpc_content_type(request.fields.get(HeaderId::ContentType));
}

}  // namespace cardea::http
