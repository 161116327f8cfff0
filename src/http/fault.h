// SPDX-License-Identifier: Apache-2.0
// Fault: why bytes of a peer are not a message that we accept. For a request it decides the status of the refusal; a
// response with a fault is answered with 502 and its connection is not used again.
#pragma once

#include <cstdint>
#include <string_view>

namespace cardea::http {

enum class Fault : std::uint8_t {
  None,
  // Lines
  BareCr,
  BareLf,
  // Request line (RFC 9112 section 3)
  BadRequestLine,
  BadMethod,
  MethodTooLong,
  BadTarget,
  TargetTooLong,
  BadTargetForm,
  BadPercentEncoding,
  EncodedSeparator,
  EncodedNul,
  PathAboveRoot,
  HiddenDotSegment,
  BadVersion,
  UnsupportedVersion,
  // Status line (RFC 9112 section 4)
  BadStatusLine,
  BadStatus,
  // Fields (RFC 9112 section 5)
  FoldedField,
  WhitespaceBeforeColon,
  BadFieldName,
  BadFieldValue,
  FieldLineTooLong,
  TooManyFields,
  HeadTooLarge,
  // Host (RFC 9112 section 3.2)
  MissingHost,
  RepeatedHost,
  BadHost,
  HostMismatch,
  // Framing (RFC 9112 section 6)
  BadContentLength,
  RepeatedContentLength,
  LengthWithTransferEncoding,
  BadTransferEncoding,
  UnknownTransferCoding,
  TransferEncodingInHttp10,
  BodyNotAllowed,
  // Chunks (RFC 9112 section 7.1)
  BadChunkSize,
  ChunkSizeTooLarge,
  BadChunkExtension,
  ChunkLineTooLong,
  BadChunkEnd,
  TrailersTooLarge,
  ForbiddenTrailer,
  // Connection (RFC 9110 section 7.6.1)
  BadConnectionOption,
  // HTTP/2 field lists (RFC 9113 section 8)
  UnknownPseudoField,
  RepeatedPseudoField,
  MissingPseudoField,
  LatePseudoField,
  ForbiddenPseudoField,
  UppercaseFieldName,
  ConnectionField,
  BadTe,
  BadScheme,
  UnsupportedProtocol,
  LengthMismatch,
  kCount,
};

// For logs and metrics: "bare_cr".
std::string_view fault_name(Fault fault);
// For a person: one sentence without a full stop.
std::string_view fault_text(Fault fault);
// What a request with this fault is answered with: 400, 414, 431, 501 or 505.
std::uint16_t fault_status(Fault fault);

}  // namespace cardea::http
