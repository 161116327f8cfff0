// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

constexpr TextRule kWellKnownCA{1, 253, is_well_known_ca, "System or a name with a domain, as in \"example.com/set\""};

void check_targets(Fields& in, const std::vector<PolicyTargetReference>& refs) {
  for (std::size_t i = 0; i < refs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool same_target =
          refs[i].group == refs[j].group && refs[i].kind == refs[j].kind && refs[i].name == refs[j].name;
      if (!same_target) continue;
      const bool distinct = !refs[i].section_name.empty() && !refs[j].section_name.empty() &&
                            refs[i].section_name != refs[j].section_name;
      if (distinct) continue;
      in.fail({"targetRefs", i}, fmt::format("must have a sectionName, and another than targetRefs[{}], which has the "
                                             "same target and needs one too",
                                             j));
      break;
    }
  }
}

}  // namespace

void read(Fields& in, PolicyTargetReference& out) {
  in.required("group", out.group, kGroup);
  in.required("kind", out.kind, kKindName);
  in.required("name", out.name, kObjectName);
  in.optional("sectionName", out.section_name, kSectionName);
}

void read(Fields& in, SubjectAltName& out) {
  std::string hostname, uri;
  in.required("type", out.type);
  in.optional("hostname", hostname, kHostname);
  in.optional("uri", uri, kAbsoluteURI);
  const bool wants_hostname = out.type == SubjectAltNameType::Hostname;
  if (in.sound()) {
    in.rule(hostname.empty() != wants_hostname, {"hostname"},
            wants_hostname ? "is required for type Hostname" : "must be left out unless type is Hostname");
    in.rule(uri.empty() == wants_hostname, {"uri"},
            wants_hostname ? "must be left out unless type is URI" : "is required for type URI");
  }
  out.value = wants_hostname ? std::move(hostname) : std::move(uri);
}

void read(Fields& in, BackendTLSPolicyValidation& out) {
  in.optional("caCertificateRefs", out.ca_certificate_refs, ListRule{.max = 8});
  in.optional("wellKnownCACertificates", out.well_known_ca_certificates, kWellKnownCA);
  in.required("hostname", out.hostname, kPreciseHostname);
  in.optional("subjectAltNames", out.subject_alt_names, ListRule{.max = 5});
  if (!in.sound()) return;
  const bool has_refs = !out.ca_certificate_refs.empty();
  const bool has_well_known = !out.well_known_ca_certificates.empty();
  in.rule(!has_refs || !has_well_known, {"wellKnownCACertificates"},
          "must be left out when caCertificateRefs are given");
  in.rule(has_refs || has_well_known, {}, "must have caCertificateRefs or wellKnownCACertificates");
}

void read(Fields& in, BackendTLSPolicySpec& out) {
  in.required("targetRefs", out.target_refs, ListRule{1, 16});
  in.required("validation", out.validation);
  in.optional("options", out.options, MapRule{.max = 16, .key = {}, .value = kAnnotationValue});
  if (in.sound()) check_targets(in, out.target_refs);
}

void read(Fields& in, BackendTLSPolicy& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
