// What commands read of a reply: fields that may be missing or of another type, and texts that strangers wrote, made fit
// for a terminal. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace maillage::daemon {

// Of one line that a stranger wrote: a name, a field of a record.
inline constexpr std::size_t kToldCharactersMax = 2'000;

// The text of a field, or empty.
std::string text_of(const boost::json::object& object, std::string_view key);
// The same on one line, with nothing in it that moves a cursor or turns text around.
std::string told(const boost::json::object& object, std::string_view key);
// A place's name, or the beginning of its id, as `id_key` has it, when it has told none.
std::string called(const boost::json::object& place, std::string_view id_key = "place");
// What is no number, or out of range: 0.
std::int64_t number_of(const boost::json::object& object, std::string_view key);
bool is_true(const boost::json::object& object, std::string_view key);
const boost::json::array& list_of(const boost::json::object& object, std::string_view key);
const boost::json::object& object_at(const boost::json::object& object, std::string_view key);

// Lines for people, whoever wrote what is in them: line ends stay, every other control character becomes U+FFFD.
std::string fit_for_terminal(std::string_view lines);
// The same JSON, in which such characters are written \u….
std::string fit_json_for_terminal(std::string_view json);

}  // namespace maillage::daemon
