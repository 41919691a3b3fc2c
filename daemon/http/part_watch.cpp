#include "http/part_watch.hpp"

#include <utility>

namespace holdfast::http {

std::vector<PartChange> PartWatch::look(const std::vector<Part>& parts) {
    std::vector<PartChange> changes;
    for (const Part& part : parts) {
        auto& known = known_.try_emplace(std::string(part.name), PartState::ok).first->second;
        const auto before = std::exchange(known, part.state);
        if (before != part.state) changes.push_back({std::string(part.name), before, part.state, part.detail});
    }
    return changes;
}

}  // namespace holdfast::http
