#include "config/keys.hpp"
#include "config/yaml_loader.hpp"

#include <utility>

namespace holdfast::config {
namespace {

void compare(const char* name, const base::Secret& running, const base::Secret& next,
             std::vector<std::string>& out) {
    if (!(running == next)) out.emplace_back(name);
}

}  // namespace

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
    const auto& a = running.credentials;
    const auto& b = next.credentials;
    compare("credential openai_api_key", a.openai_api_key, b.openai_api_key, diff.applied);
    compare("credential elevenlabs_api_key", a.elevenlabs_api_key, b.elevenlabs_api_key,
            diff.applied);
    compare("credential twilio_auth_token", a.twilio_auth_token, b.twilio_auth_token, diff.applied);
    compare("credential twilio_auth_token_next", a.twilio_auth_token_next, b.twilio_auth_token_next,
            diff.applied);
    compare("credential twilio_api_key_secret", a.twilio_api_key_secret, b.twilio_api_key_secret,
            diff.applied);
    compare("credential dispatch_webhook_secret", a.dispatch_webhook_secret, b.dispatch_webhook_secret, diff.applied);
    compare("credential master_key", a.master_key, b.master_key, diff.needs_restart);
    diff.effective.credentials.master_key = a.master_key;
    diff.effective.credentials.master_key_unreadable = a.master_key_unreadable;
    compare("credential mongodb_uri", a.mongodb_uri, b.mongodb_uri, diff.needs_restart);
    diff.effective.credentials.mongodb_uri = a.mongodb_uri;
    return diff;
}

}  // namespace holdfast::config
