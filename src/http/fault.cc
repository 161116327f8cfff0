// SPDX-License-Identifier: Apache-2.0
#include "http/fault.h"

#include <array>
#include <cstddef>

namespace cardea::http {
namespace {

struct Entry {
  Fault fault;
  std::uint16_t status;
  std::string_view name;
  std::string_view text;
};

constexpr std::array<Entry, static_cast<std::size_t>(Fault::kCount)> kFaults = {{
    {Fault::None, 200, "none", "nothing is wrong"},
    {Fault::BareCr, 400, "bare_cr", "a CR without LF after it"},
    {Fault::BareLf, 400, "bare_lf", "a line that ends in LF without CR"},
    {Fault::BadRequestLine, 400, "bad_request_line", "the request line is not: method, space, target, space, version"},
    {Fault::BadMethod, 400, "bad_method", "the method is not a token"},
    {Fault::MethodTooLong, 501, "method_too_long", "the method is longer than any that exists"},
    {Fault::BadTarget, 400, "bad_target", "the request target holds a byte that a URI cannot hold"},
    {Fault::TargetTooLong, 414, "target_too_long", "the request target is longer than the limit"},
    {Fault::BadTargetForm, 400, "bad_target_form", "the form of the request target does not fit the method"},
    {Fault::BadPercentEncoding, 400, "bad_percent_encoding", "a % in the target without two hexadecimal digits"},
    {Fault::EncodedSeparator, 400, "encoded_separator", "the path holds %2F or %5C"},
    {Fault::EncodedNul, 400, "encoded_nul", "the path holds %00"},
    {Fault::PathAboveRoot, 400, "path_above_root", "the path climbs above its root by .. segments"},
    {Fault::HiddenDotSegment, 400, "hidden_dot_segment",
     "a dot segment with parameters, or behind an encoded separator"},
    {Fault::BadVersion, 400, "bad_version", "the version is not HTTP/digit.digit"},
    {Fault::UnsupportedVersion, 505, "unsupported_version", "the major version is not 1"},
    {Fault::BadStatusLine, 400, "bad_status_line", "the status line is not: version, space, status, space, reason"},
    {Fault::BadStatus, 400, "bad_status", "the status is not a number from 100 to 599"},
    {Fault::FoldedField, 400, "folded_field", "a line of the head begins with whitespace"},
    {Fault::WhitespaceBeforeColon, 400, "whitespace_before_colon", "whitespace between a field name and its colon"},
    {Fault::BadFieldName, 400, "bad_field_name", "a field name is empty or not a token"},
    {Fault::BadFieldValue, 400, "bad_field_value", "a field value holds a control byte"},
    {Fault::FieldLineTooLong, 431, "field_line_too_long", "a field line is longer than the limit"},
    {Fault::TooManyFields, 431, "too_many_fields", "more field lines than the limit"},
    {Fault::HeadTooLarge, 431, "head_too_large", "the head is larger than the limit"},
    {Fault::MissingHost, 400, "missing_host", "an HTTP/1.1 request without Host"},
    {Fault::RepeatedHost, 400, "repeated_host", "more than one Host"},
    {Fault::BadHost, 400, "bad_host", "Host, or the authority of the target, is not host[:port]"},
    {Fault::HostMismatch, 400, "host_mismatch", "Host and the authority of the target differ"},
    {Fault::BadContentLength, 400, "bad_content_length", "Content-Length is not one number in range"},
    {Fault::RepeatedContentLength, 400, "repeated_content_length", "more than one Content-Length"},
    {Fault::LengthWithTransferEncoding, 400, "length_with_transfer_encoding",
     "both Content-Length and Transfer-Encoding"},
    {Fault::BadTransferEncoding, 400, "bad_transfer_encoding",
     "Transfer-Encoding does not end in chunked, or is malformed or repeated"},
    {Fault::UnknownTransferCoding, 501, "unknown_transfer_coding", "a transfer coding other than chunked"},
    {Fault::TransferEncodingInHttp10, 400, "transfer_encoding_in_http10", "Transfer-Encoding in HTTP/1.0"},
    {Fault::BodyNotAllowed, 400, "body_not_allowed", "a 1xx or 204 response that declares a body"},
    {Fault::BadChunkSize, 400, "bad_chunk_size", "a chunk size is not hexadecimal digits alone"},
    {Fault::ChunkSizeTooLarge, 400, "chunk_size_too_large", "a chunk size has more than 16 digits or does not fit"},
    {Fault::BadChunkExtension, 400, "bad_chunk_extension", "a chunk extension is malformed"},
    {Fault::ChunkLineTooLong, 400, "chunk_line_too_long", "chunk extensions are longer than the limit"},
    {Fault::BadChunkEnd, 400, "bad_chunk_end", "a chunk's data is not followed by CRLF"},
    {Fault::TrailersTooLarge, 431, "trailers_too_large", "the trailer section is larger than the limit"},
    {Fault::ForbiddenTrailer, 400, "forbidden_trailer", "Host, Content-Length or Transfer-Encoding among the trailers"},
    {Fault::BadConnectionOption, 400, "bad_connection_option",
     "Connection is not a list of names, or names Host, Content-Length or Transfer-Encoding"},
    {Fault::UnknownPseudoField, 400, "unknown_pseudo_field", "a pseudo field that is not defined for this message"},
    {Fault::RepeatedPseudoField, 400, "repeated_pseudo_field", "a pseudo field more than once"},
    {Fault::MissingPseudoField, 400, "missing_pseudo_field", "one of :method, :scheme, :path or :status is missing"},
    {Fault::LatePseudoField, 400, "late_pseudo_field", "a pseudo field after a regular one, or among the trailers"},
    {Fault::ForbiddenPseudoField, 400, "forbidden_pseudo_field", "a pseudo field that the method does not allow"},
    {Fault::UppercaseFieldName, 400, "uppercase_field_name", "a field name with an upper-case letter in HTTP/2"},
    {Fault::ConnectionField, 400, "connection_field", "a field of HTTP/1.1 connections in HTTP/2"},
    {Fault::BadTe, 400, "bad_te", "TE other than trailers in HTTP/2"},
    {Fault::BadScheme, 400, "bad_scheme", "the scheme is neither http nor https"},
    {Fault::UnsupportedProtocol, 501, "unsupported_protocol", "CONNECT to a protocol other than websocket"},
    {Fault::LengthMismatch, 400, "length_mismatch", "Content-Length and the length of the body differ"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    if (kFaults[i].fault != static_cast<Fault>(i)) return false;
  }
  return true;
}
static_assert(in_order());

const Entry& entry(Fault fault) { return kFaults[static_cast<std::size_t>(fault)]; }

}  // namespace

std::string_view fault_name(Fault fault) { return entry(fault).name; }
std::string_view fault_text(Fault fault) { return entry(fault).text; }
std::uint16_t fault_status(Fault fault) { return entry(fault).status; }

}  // namespace cardea::http
