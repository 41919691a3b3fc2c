#include "sync/mongo_audio_impl.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sync {
namespace {

constexpr std::string_view k_sealed = ".sealed";

const store::Recording& recording_of(const store::Change& change) { return std::get<store::Recording>(change.what); }

// What is given away is not sealed.
std::string_view file_name(std::string_view path) {
    const bool sealed = path.size() > k_sealed.size() && path.substr(path.size() - k_sealed.size()) == k_sealed;
    return sealed ? path.substr(0, path.size() - k_sealed.size()) : path;
}

std::string_view text_of(const bson_t* document, const char* key) {
    bson_iter_t it;
    if (!bson_iter_init_find(&it, document, key) || !BSON_ITER_HOLDS_UTF8(&it)) return {};
    std::uint32_t bytes = 0;
    const char* text = bson_iter_utf8(&it, &bytes);
    return {text, bytes};
}

}  // namespace

std::string audio_id(const store::Change& recording, std::string_view site_id) { return document_of(recording, site_id).id; }

Document audio_chunk(const std::string& file, std::int64_t number, std::string_view bytes) {
    Document document;
    document.id = file + ":" + std::to_string(number);
    document.hash = base::sha256_hex(bytes);
    document.fields.text("files_id", file).small("n", static_cast<std::int32_t>(number)).data("data", bytes);
    return document;
}

// Its hash is that of the whole file. When it came here is the only thing that differs when it is sent again.
Document audio_file(const store::Change& recording, std::string_view site_id, std::int64_t total, std::int64_t utc_ms) {
    const auto& r = recording_of(recording);
    Document document;
    document.id = audio_id(recording, site_id);
    document.hash = r.sha256;
    Bson about;
    about.text("site_id", site_id).text("call_sid", r.call.str()).text("generation", recording.generation).number("seq", recording.seq);
    about.time("at", r.utc_ms).number("offset_ms", r.offset_ms).number("duration_ms", r.duration_ms).number("lost_ms", r.lost_ms);
    about.text("legs", r.legs).text("class", r.retention_class).text("sha256", r.sha256);
    auto& fields = document.fields;
    fields.number("schema", k_document_schema).number("length", total).small("chunkSize", static_cast<std::int32_t>(k_audio_chunk_bytes));
    fields.time("uploadDate", utc_ms).text("filename", file_name(r.path)).document("metadata", about);
    return document;
}

std::string MongoAudio::key_of(const store::Change& recording) const {
    return std::string(store::to_string(store::ChangeClass::recording)) + "/" + audio_id(recording, site_id_) + ":audio";
}

Outcome MongoAudio::look(const store::Change& recording, There& there) {
    Outcome outcome;
    if (!indexes_made_) make_indexes();
    const auto id = audio_id(recording, site_id_);
    Bson filter, options, members;
    filter.text("_id", id);
    members.number("hash", 1).number("site_id", 1);
    options.document("projection", members);
    const Bson file = door_.find_one(k_audio_files, filter, std::move(options), outcome);
    if (outcome.state != Outcome::State::taken) return outcome;
    if (!bson_empty(file.get())) {
        there.whole = text_of(file.get(), "hash") == recording_of(recording).sha256 && text_of(file.get(), "site_id") == site_id_;
        if (!there.whole) outcome.refused.push_back({0, key_of(recording), "conflict: another file has this _id", true});
        return outcome;
    }
    Bson of_file, newest, number, last;
    of_file.text("files_id", id);
    number.number("n", 1);
    last.number("n", -1);
    newest.document("projection", number).document("sort", last);
    const Bson chunk = door_.find_one(k_audio_chunks, of_file, std::move(newest), outcome);
    bson_iter_t it;
    const bool any = bson_iter_init_find(&it, chunk.get(), "n") && BSON_ITER_HOLDS_NUMBER(&it);
    there.chunks = any ? std::max<std::int64_t>(0, bson_iter_as_int64(&it)) + 1 : 0;
    return outcome;
}

Outcome MongoAudio::send_chunks(const store::Change& recording, std::int64_t at, const std::string& bytes) {
    const auto id = audio_id(recording, site_id_);
    std::vector<Document> chunks;
    const std::string_view all = bytes;
    for (std::size_t from = 0; from < all.size(); from += k_audio_chunk_bytes) {
        const auto number = (at + static_cast<std::int64_t>(from)) / k_audio_chunk_bytes;
        chunks.push_back(audio_chunk(id, number, all.substr(from, k_audio_chunk_bytes)));
    }
    return door_.insert(k_audio_chunks, std::move(chunks));
}

Outcome MongoAudio::finish(const store::Change& recording, std::int64_t total, std::int64_t utc_ms) {
    std::vector<Document> file;
    file.push_back(audio_file(recording, site_id_, total, utc_ms));
    return door_.insert(k_audio_files, std::move(file));
}

// Those of the GridFS specification, under the names that every driver gives them.
void MongoAudio::make_indexes() {
    Bson chunk, chunks, file, files;
    chunk.small("files_id", 1).small("n", 1);
    chunks.document("key", chunk).text("name", "files_id_1_n_1").flag("unique", true);
    file.small("filename", 1).small("uploadDate", 1);
    files.document("key", file).text("name", "filename_1_uploadDate_1");
    indexes_made_ = door_.make_index(k_audio_chunks, chunks) && door_.make_index(k_audio_files, files);
}

}  // namespace holdfast::sync
