// Time zones by their name in the IANA Time Zone Database.
#pragma once

#include <span>
#include <string_view>

namespace tandem::exchange {

// Whether a name is one of the database's: "Europe/Berlin". The names come with the program, not
// from the machine that it runs on, so that every instance decides alike and a client's file is
// checked by the same list; a zone that the database gains is known from the release on that lists
// it.
bool IsTimeZone(std::string_view name);

// All of them, ascending.
std::span<const std::string_view> TimeZoneNames();

}  // namespace tandem::exchange
