// Every sentence that the daemon says to a person, in French and in English, from one list: a sentence without its
// translation does not compile. Refusals are protocol/error_list.h's. Any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "protocol/error.h"

namespace maillage::daemon {

using protocol::Language;

enum class Message {
#define MAILLAGE_MESSAGE(name, french, english) name,
#include "daemon/message_list.h"
#undef MAILLAGE_MESSAGE
};

// The sentence; each `{}` is replaced by the next of `values`.
std::string say(Message message, Language language, std::initializer_list<std::string_view> values = {});

// The language that an Accept-Language header (RFC 9110) prefers among ours; French when it says nothing we speak.
Language accepted_language(std::string_view header);

// From --lang (fr, en), else LC_ALL, LC_MESSAGES, LANG; French when none of them says English.
Language terminal_language(std::string_view option);

inline std::string_view tag_of(Language language) { return language == Language::kFrench ? "fr" : "en"; }

}  // namespace maillage::daemon
