#include "config/keys.hpp"
#include "config/yaml_loader.hpp"

#include <string>

namespace holdfast::config {
ReloadDiff diff_reload(const Config& running, const Config& next) {
    ReloadDiff diff;
    diff.effective = next;
    for (const Key& key : keys()) {
        if (render(key, running) == render(key, next)) continue;
        if (key.on_reload == OnReload::applied) {
            diff.applied.emplace_back(key.path);
            continue;
        }
        diff.needs_restart.emplace_back(key.path);
        std::visit([&](const auto& ref) { ref.in(diff.effective) = ref.in_const(running); },
                   key.member);
    }
    if (running.instructions != next.instructions)
        diff.applied.emplace_back("openai.instructions_file (content)");
    for (const SecretKey& secret : secrets()) {
        if (running.credentials.*secret.member == next.credentials.*secret.member) continue;
        const bool applied = secret.on_reload == OnReload::applied;
        (applied ? diff.applied : diff.needs_restart).emplace_back(std::string("credential ") + secret.name);
        if (!applied) diff.effective.credentials.*secret.member = running.credentials.*secret.member;
    }
    diff.effective.credentials.master_key_unreadable = running.credentials.master_key_unreadable;
    return diff;
}

}  // namespace holdfast::config
