// Notices when a part of /readyz changes its state, so that the log can say so once. Pure; any one thread.
#pragma once

#include "http/status.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

struct PartChange {
    std::string name;
    PartState from = PartState::ok;
    PartState to = PartState::ok;
    std::string detail;  // as it is now
};

class PartWatch {
  public:
    // A part that is seen for the first time was well before.
    std::vector<PartChange> look(const std::vector<Part>& parts);

  private:
    std::map<std::string, PartState, std::less<>> known_;
};

}  // namespace holdfast::http
