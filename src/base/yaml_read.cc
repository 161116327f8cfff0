// SPDX-License-Identifier: Apache-2.0
// The reader: libyaml's events, one chunk of the stream after the other, straight into Values.
#include <fmt/core.h>
#include <yaml.h>

#include <map>
#include <optional>
#include <unordered_set>

#include "base/json.h"
#include "base/strings.h"
#include "base/value_builder.h"
#include "base/yaml.h"
#include "base/yaml_scalar.h"
#include "base/yaml_split.h"

namespace cardea::base {

namespace {

// What anchors keep and aliases repeat in one document, in bytes (a node counts 64): a text of a few lines cannot
// unfold into gigabytes.
constexpr std::size_t kMaxRepeated = 16u << 20;
constexpr std::size_t kNodeSize = 64;

struct Measure {
  std::size_t size = 0;
  std::size_t depth = 0;  // containers in each other
};

// Stops counting soon after `limit`.
Measure measure(const Value& value, std::size_t limit) {
  Measure total{kNodeSize, 0};
  const auto add = [&](const Value& part) {
    const Measure inner = measure(part, limit - total.size);
    total.size += inner.size;
    total.depth = std::max(total.depth, inner.depth);
  };
  if (value.is_string()) {
    total.size += value.as_string().size();
  } else if (value.is_array()) {
    for (const Value& item : value.as_array()) {
      if (total.size >= limit) break;
      add(item);
    }
    ++total.depth;
  } else if (value.is_object()) {
    for (const Member& member : value.as_object()) {
      total.size += member.name.size();
      if (total.size >= limit) break;
      add(member.value);
    }
    ++total.depth;
  }
  return total;
}

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

class Parser {
 public:
  explicit Parser(std::string_view text) {
    usable_ = yaml_parser_initialize(&parser_) == 1;
    if (!usable_) return;
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    if (usable_) yaml_parser_delete(&parser_);
  }
  bool next(Event& event) { return usable_ && yaml_parser_parse(&parser_, event.get()) == 1; }
  const yaml_parser_t& state() const { return parser_; }

 private:
  yaml_parser_t parser_{};
  bool usable_ = false;
};

// What the builder does not know about an open container.
struct Frame {
  std::string anchor;
  std::vector<Value> merges;  // mappings named under "<<", in order
  bool merge_next = false;    // the next value belongs to "<<"
};

class ChunkReader {
 public:
  ChunkReader(const YamlChunk& chunk, YamlDocuments& out) : chunk_(chunk), parser_(chunk.text), out_(out) {}

  void run() {
    for (;;) {
      Event event;
      if (!parser_.next(event)) return out_.errors.push_back({parser_problem()});
      if (event->type == YAML_STREAM_END_EVENT) return;
      if (auto handled = handle(event); !handled) return out_.errors.push_back(handled.error());
    }
  }

 private:
  Result<> handle(const Event& event) {
    const Position position = position_of(event->start_mark);
    switch (event->type) {
      case YAML_DOCUMENT_START_EVENT:
        anchors_.clear();
        repeated_ = 0;
        return {};
      case YAML_DOCUMENT_END_EVENT: {
        Value document = builder_.take();
        if (!document.is_null()) out_.values.push_back(std::move(document));
        return {};
      }
      case YAML_SCALAR_EVENT:
        return scalar(event->data.scalar, position);
      case YAML_ALIAS_EVENT:
        return alias(text_of(event->data.alias.anchor), position);
      case YAML_SEQUENCE_START_EVENT:
        return open(Value::Array{}, event->data.sequence_start.tag, event->data.sequence_start.anchor, position);
      case YAML_MAPPING_START_EVENT:
        return open(Value::Object{}, event->data.mapping_start.tag, event->data.mapping_start.anchor, position);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close();
      default:
        return {};
    }
  }

  template <class Scalar>
  Result<> scalar(const Scalar& event, Position position) {
    const std::string_view text(reinterpret_cast<const char*>(event.value), event.length);
    const bool plain = event.style == YAML_PLAIN_SCALAR_STYLE;
    const std::string_view tag = text_of(event.tag);
    const bool names_merge =
        builder_.wants_name() && text == "<<" && ((plain && tag.empty()) || tag == "tag:yaml.org,2002:merge");
    if (names_merge) {
      frames_.back().merge_next = true;
      builder_.name("<<", position);
      return {};
    }
    auto value = resolve_scalar(text, plain, tag);
    if (!value) return error(position, value.error().message);
    value->position = position;
    if (auto kept = keep_anchor(std::string(text_of(event.anchor)), *value); !kept) return kept;
    return deliver(std::move(*value));
  }

  Result<> alias(std::string_view name, Position position) {
    const auto anchor = anchors_.find(name);
    if (anchor == anchors_.end()) {
      return error(position, fmt::format("*{} repeats something that is not there: no finished &{} stands before it",
                                         name, name));
    }
    const auto& [value, size] = anchor->second;
    if (builder_.depth() + size.depth > kMaxDepth) return too_deep(position);
    if (!spend(size.size)) return too_much(position);
    Value copy = value;
    copy.position = position;
    return deliver(std::move(copy));
  }

  Result<> open(Value container, const yaml_char_t* tag, const yaml_char_t* anchor, Position position) {
    const std::string_view own_tag = container.is_array() ? "tag:yaml.org,2002:seq" : "tag:yaml.org,2002:map";
    if (tag != nullptr && text_of(tag) != own_tag && text_of(tag) != "!") {
      return error(position, fmt::format("the tag {} does not fit here", text_of(tag)));
    }
    if (builder_.wants_name()) return error(position, "the name of a member must be a simple value");
    if (builder_.depth() == kMaxDepth) return too_deep(position);
    container.position = position;
    builder_.open(std::move(container));
    frames_.push_back({std::string(text_of(anchor)), {}, false});
    return {};
  }

  Result<> close() {
    Value value = builder_.close();
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (value.is_object()) {
      if (const Member* twice = find_duplicate(value.as_object())) {
        return error(twice->position, fmt::format("member \"{}\" stands here a second time", twice->name));
      }
      if (!frame.merges.empty()) merge(value.as_object(), std::move(frame.merges));
    }
    if (auto kept = keep_anchor(std::move(frame.anchor), value); !kept) return kept;
    return deliver(std::move(value));
  }

  // A finished value to where it belongs: the name of a member, what "<<" stands for, or a value.
  Result<> deliver(Value value) {
    if (builder_.wants_name()) return deliver_name(value);
    if (!frames_.empty() && frames_.back().merge_next) return deliver_merge(std::move(value));
    builder_.put(std::move(value));
    return {};
  }

  Result<> deliver_name(const Value& value) {
    if (value.is_array() || value.is_object()) {
      return error(value.position, "the name of a member must be a simple value");
    }
    if (value.is_null()) return error(value.position, "the name of a member must not be null");
    // As Kubernetes' reader does: "80: x" and "on: x" name members "80" and "true".
    builder_.name(value.is_string() ? value.as_string() : to_json(value), value.position);
    return {};
  }

  Result<> deliver_merge(Value value) {
    Frame& frame = frames_.back();
    frame.merge_next = false;
    builder_.put(Value());  // stands for "<<" until merge() takes it away, so that a second one is noticed
    const Position position = value.position;
    if (value.is_object()) {
      frame.merges.push_back(std::move(value));
      return {};
    }
    if (!value.is_array()) return error(position, "\"<<\" takes a mapping or a list of mappings");
    for (Value& item : value.as_array()) {
      if (!item.is_object()) return error(item.position, "\"<<\" takes a mapping or a list of mappings");
      frame.merges.push_back(std::move(item));
    }
    if (frame.merges.empty()) frame.merges.emplace_back(Value::Object{});
    return {};
  }

  // The mapping's own members win over merged ones, earlier mappings over later ones.
  static void merge(Value::Object& members, std::vector<Value> merges) {
    std::unordered_set<std::string> names;
    for (const Member& member : members) names.insert(member.name);
    std::erase_if(members, [](const Member& member) { return member.name == "<<" && member.value.is_null(); });
    for (Value& merged : merges) {
      for (Member& member : merged.as_object()) {
        if (names.insert(member.name).second) members.push_back(std::move(member));
      }
    }
  }

  Result<> keep_anchor(std::string name, const Value& value) {
    if (name.empty()) return {};
    const Measure size = measure(value, kMaxRepeated);
    if (!spend(size.size)) return too_much(value.position);
    anchors_.insert_or_assign(std::move(name), Anchor{value, size});
    return {};
  }

  bool spend(std::size_t size) {
    repeated_ += size;
    return repeated_ <= kMaxRepeated;
  }

  Position position_of(const yaml_mark_t& mark) const {
    return {static_cast<std::uint32_t>(mark.line) + chunk_.first_line, static_cast<std::uint32_t>(mark.column) + 1};
  }

  static std::unexpected<Error> error(Position position, std::string_view what) {
    return fail(fmt::format("{}: {}", to_string(position), what));
  }
  static std::unexpected<Error> too_deep(Position position) {
    return error(position, fmt::format("nested deeper than {} levels", kMaxDepth));
  }
  static std::unexpected<Error> too_much(Position position) {
    return error(position, "anchors and aliases unfold into too much");
  }

  std::string parser_problem() const {
    const yaml_parser_t& state = parser_.state();
    std::string_view problem = state.problem != nullptr ? state.problem : "out of memory";
    if (state.error == YAML_SCANNER_ERROR && character_at(state.problem_mark.index) == '\t') {
      problem = "found a tab where only spaces may indent";
    }
    if (state.error == YAML_READER_ERROR) return reader_problem(problem, state.problem_offset);
    std::string text = fmt::format("{}: {}", to_string(position_of(state.problem_mark)), problem);
    if (state.context != nullptr) {
      text += fmt::format(", {} that began on line {}", state.context, position_of(state.context_mark).line);
    }
    return text;
  }

  // libyaml counts characters. What starts there, or 0 at the end.
  char character_at(std::size_t index) const {
    for (const char c : chunk_.text) {
      const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      if (starts && index-- == 0) return c;
    }
    return '\0';
  }

  // libyaml gives only an offset for bytes that are no YAML at all.
  std::string reader_problem(std::string_view problem, std::size_t offset) const {
    Position position{chunk_.first_line, 1};
    for (const char c : chunk_.text.substr(0, offset)) {
      if (c == '\n') {
        position = {position.line + 1, 1};
      } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
        ++position.column;
      }
    }
    return fmt::format("{}: {}", to_string(position), problem);
  }

  struct Anchor {
    Value value;
    Measure size;
  };

  const YamlChunk& chunk_;
  Parser parser_;
  YamlDocuments& out_;
  ValueBuilder builder_;
  std::vector<Frame> frames_;
  std::map<std::string, Anchor, std::less<>> anchors_;
  std::size_t repeated_ = 0;
};

}  // namespace

YamlDocuments parse_yaml(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  YamlDocuments documents;
  for (const YamlChunk& chunk : split_yaml(text)) ChunkReader(chunk, documents).run();
  return documents;
}

}  // namespace cardea::base
