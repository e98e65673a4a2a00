#include <cstring>
#include <initializer_list>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "tests/layering/layering.h"

namespace tandem::layering {
namespace {

// namespace and name: the headers that define it.
using Definitions = std::map<std::string, std::set<std::string>>;

// The word behind any of `starts` that begins the line, up to a character that ends a name.
std::string WordBehind(const std::string& line, std::initializer_list<const char*> starts) {
  for (const char* start : starts) {
    if (!line.starts_with(start)) continue;
    const std::size_t begin = std::strlen(start);
    return line.substr(begin, line.find_first_of(" {;", begin) - begin);
  }
  return {};
}

// "tandem::a", whole.
std::string NamespaceOf(const std::string& line) {
  constexpr std::string_view kStart = "namespace ";
  if (!line.starts_with(kStart) || !line.ends_with(" {")) return {};
  return line.substr(kStart.size(), line.size() - kStart.size() - 2);
}

void Collect(const File& header, Definitions& definitions) {
  std::vector<std::string> spaces;
  std::istringstream lines(header.text);
  for (std::string line; std::getline(lines, line);) {
    const std::string space = NamespaceOf(line);
    const std::string type = WordBehind(line, {"struct ", "class ", "enum class "});
    if (!space.empty()) {
      spaces.push_back(space);
    } else if (line.starts_with("}  // namespace") && !spaces.empty()) {
      spaces.pop_back();
    } else if (!type.empty() && line.find(';') == std::string::npos) {
      std::string name;
      for (const std::string& outer : spaces) name += outer + "::";
      definitions[name + type].insert(header.path);
    }
  }
}

}  // namespace

std::vector<std::string> TwiceDefined(const std::vector<File>& headers) {
  Definitions definitions;
  for (const File& header : headers) Collect(header, definitions);
  std::vector<std::string> twice;
  for (const auto& [name, paths] : definitions) {
    if (paths.size() < 2) continue;
    std::string text = name + " is defined in several headers:";
    for (const std::string& path : paths) text += " " + path;
    twice.push_back(text);
  }
  return twice;
}

}  // namespace tandem::layering
