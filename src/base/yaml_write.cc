// SPDX-License-Identifier: Apache-2.0
// The writer: Values as events for libyaml's emitter, which knows what a plain scalar may look like; we only add what a
// reader would take for something else than a string.
#include <yaml.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/json.h"
#include "base/strings.h"
#include "base/yaml.h"
#include "base/yaml_scalar.h"

namespace cardea::base {

namespace {

const yaml_char_t* bytes(std::string_view text) { return reinterpret_cast<const yaml_char_t*>(text.data()); }

// NEL, LS and PS: YAML 1.1 counts them as line breaks, and a reader may turn them into others.
bool has_rare_break(std::string_view text) {
  return text.find("\xC2\x85") != std::string_view::npos || text.find("\xE2\x80\xA8") != std::string_view::npos ||
         text.find("\xE2\x80\xA9") != std::string_view::npos;
}

// Literal style suits text with several lines, if each shows what it holds.
bool reads_well_as_literal(std::string_view text) {
  const std::size_t line_break = text.find('\n');
  if (line_break == std::string_view::npos || line_break == 0 || text.front() == ' ') return false;
  if (has_rare_break(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == '\x7F') return false;
    if (c == ' ' && (i + 1 == text.size() || text[i + 1] == '\n')) return false;
  }
  return true;
}

class Writer {
 public:
  Writer() {
    yaml_emitter_initialize(&emitter_);
    yaml_emitter_set_output(&emitter_, &Writer::append, &text_);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, -1);
    yaml_emitter_set_indent(&emitter_, 2);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { yaml_emitter_delete(&emitter_); }

  std::string document(const Value& value) {
    yaml_event_t event;
    emit(event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(event, yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1));
    write(value);
    emit(event, yaml_document_end_event_initialize(&event, 1));
    emit(event, yaml_stream_end_event_initialize(&event));
    return std::move(text_);
  }

 private:
  static int append(void* text, unsigned char* data, std::size_t size) {
    static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(data), size);
    return 1;
  }

  // Events made from well-formed text in the right order cannot be refused; what is left is lack of memory.
  void emit(yaml_event_t& event, int made) {
    if (made != 1 || yaml_emitter_emit(&emitter_, &event) != 1) std::abort();
  }

  void write(const Value& value) {
    yaml_event_t event;
    if (value.is_object()) {
      emit(event, yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE));
      for (const Member& member : value.as_object()) {
        string(member.name, true);
        write(member.value);
      }
      emit(event, yaml_mapping_end_event_initialize(&event));
    } else if (value.is_array()) {
      emit(event, yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_SEQUENCE_STYLE));
      for (const Value& item : value.as_array()) write(item);
      emit(event, yaml_sequence_end_event_initialize(&event));
    } else if (value.is_string()) {
      string(value.as_string(), false);
    } else {
      scalar(to_json(value), true, YAML_PLAIN_SCALAR_STYLE);
    }
  }

  void string(std::string_view text, bool name) {
    if (!is_utf8(text)) {
      const std::string replaced = replace_malformed(text);
      return string(replaced, name);
    }
    const bool plain = !is_misread_when_plain(text);
    auto style = YAML_PLAIN_SCALAR_STYLE;
    if (!name && reads_well_as_literal(text)) {
      style = YAML_LITERAL_SCALAR_STYLE;
    } else if (text.find('\n') != std::string_view::npos || has_rare_break(text)) {
      style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    }
    scalar(text, plain, style);
  }

  void scalar(std::string_view text, bool plain, yaml_scalar_style_t style) {
    yaml_event_t event;
    emit(event, yaml_scalar_event_initialize(&event, nullptr, nullptr, bytes(text), static_cast<int>(text.size()),
                                             plain ? 1 : 0, 1, style));
  }

  yaml_emitter_t emitter_{};
  std::string text_;
};

}  // namespace

std::string to_yaml(const Value& value) { return Writer().document(value); }

}  // namespace cardea::base
