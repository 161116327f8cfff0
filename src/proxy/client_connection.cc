// SPDX-License-Identifier: Apache-2.0
#include "proxy/client_connection.h"

namespace cardea::proxy {

const Bind* find_bind(const Tables& tables, const WorkerBind& bind) {
  const Bind* found = tables.routes->find_bind(bind.key.address, bind.key.port);
  return found && found->is_tls() == bind.tls ? found : nullptr;
}

BindCounters* bind_counters(Worker& worker, const WorkerBind& bind) {
  const Bind* found = worker.tables() ? find_bind(**worker.tables(), bind) : nullptr;
  return found ? &found->series().counters.at(worker.index()) : nullptr;
}

const EffectiveSettings& settings_of(Worker& worker, const WorkerBind& bind) {
  const Bind* found = worker.tables() ? find_bind(**worker.tables(), bind) : nullptr;
  return found ? found->settings() : worker.all_settings();
}

void see_tables(Client& client, const Tables& tables) {
  if (client.seen_version == tables.version) return;
  client.seen_version = tables.version;
  client.seen_bind = find_bind(tables, client.bind);
  client.seen_listener = nullptr;
  if (!client.seen_bind || !client.bind.tls) return;
  const TlsIdentity& identity = client.identity;
  if (tables.tls->client_terms(identity.listener_id) == identity.client_terms) client.seen_listener = client.seen_bind->entitled(identity);
}

Failure failure_of(http::Fault fault) {
  const std::string_view detail = http::fault_name(fault);
  switch (http::fault_status(fault)) {
    case 414:
      return {Reason::TargetTooLong, detail};
    case 431:
      return {Reason::HeadTooLarge, detail};
    case 501:
      return {Reason::UnsupportedEncoding, detail};
    case 505:
      return {Reason::UnsupportedVersion, detail};
    default:
      return {Reason::MalformedRequest, detail};
  }
}

}  // namespace cardea::proxy
