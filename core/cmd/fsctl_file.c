/* Control codes that an open and its file's attributes answer. */
#include "core/cmd/ioctl.h"
#include "core/node.h"
#include "core/open.h"
#include "core/share.h"
#include "core/wire/fsctl.h"

enum { RESUME_KEY_ANSWER = 32 };

void tb_fsctl_answer(struct tb_request *request, const struct tb_writer *w, enum tb_error error)
{
    if (!error || error == TB_BUFFER_OVERFLOW)
        request->response.ioctl.output = tb_span(w->data, w->at);
    tb_request_finish(request, error);
}

/* MS-SMB2 3.3.5.15.5: the key is the file id, half of which is random. */
void tb_fsctl_resume_key(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    struct tb_resume_key_response response = {0};
    uint8_t *memory = tb_request_alloc(request, RESUME_KEY_ANSWER);
    struct tb_writer w = tb_writer(memory, memory ? RESUME_KEY_ANSWER : 0);
    tb_store_u64(response.resume_key, request->open->id.persistent);
    tb_store_u64(response.resume_key + 8, request->open->id.volatile_);
    tb_resume_key_response_encode(&w, &response);
    tb_fsctl_answer(request, &w, w.failed ? TB_NO_MEMORY : TB_OK);
}

/* Nothing is compressed, which a client may ask for and be told. */
void tb_fsctl_get_compression(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    uint8_t *memory = tb_request_alloc(request, 2);
    struct tb_writer w = tb_writer(memory, memory ? 2 : 0);
    tb_write_u16(&w, 0);
    tb_fsctl_answer(request, &w, w.failed ? TB_NO_MEMORY : TB_OK);
}

void tb_fsctl_set_compression(struct tb_task *task)
{
    enum { FORMAT_NONE = 0, FORMAT_LZNT1 = 2 };
    struct tb_request *request = tb_request_of(task);
    uint16_t format = tb_load_u16(request->body.ioctl.input.data);
    enum tb_error error = TB_OK;
    if (!(request->open->access & (TB_FILE_WRITE_DATA | TB_FILE_READ_DATA)))
        error = TB_ACCESS_DENIED;
    else if (format != FORMAT_NONE)
        error = format <= FORMAT_LZNT1 ? TB_NOT_SUPPORTED : TB_INVALID_PARAMETER;
    tb_request_finish(request, error);
}

/* FILE_OBJECTID_BUFFER type 1 (MS-FSCC 2.1.3.1). Every file has an id that lasts as long as the
 * file: its volume's serial number and its own. It can be neither set nor deleted. */
void tb_fsctl_get_object_id(struct tb_task *task)
{
    enum { LENGTH = 64, DOMAIN_ID_LENGTH = 16 };
    struct tb_request *request = tb_request_of(task);
    const struct tb_open *open = request->open;
    uint64_t volume_id = open->share->capabilities.volume_id;
    uint64_t file_id = open->node->file->by_id.key;
    uint8_t *memory = tb_request_alloc(request, LENGTH);
    struct tb_writer w = tb_writer(memory, memory ? LENGTH : 0);
    tb_write_u64(&w, volume_id);
    tb_write_u64(&w, file_id);
    tb_write_u64(&w, volume_id);
    tb_write_u64(&w, 0);
    tb_write_u64(&w, volume_id);
    tb_write_u64(&w, file_id);
    tb_write_zeros(&w, DOMAIN_ID_LENGTH);
    tb_fsctl_answer(request, &w, w.failed ? TB_NO_MEMORY : TB_OK);
}

/* All of a file is valid: what was never written reads as zeros. */
static void size_known(struct tb_task *task) TB_INSIDE
{
    struct tb_request *request = tb_request_of(task);
    struct tb_file_region asked, region;
    if (task->error) {
        tb_request_finish(request, task->error);
        return;
    }
    uint64_t size = task->call.attributes.values.size;
    (void)tb_file_region_request_decode(request->body.ioctl.input, &asked);
    region = asked;
    region.usage = TB_FILE_REGION_VALID_CACHED_DATA;
    if (region.file_offset >= size || !(asked.usage & TB_FILE_REGION_VALID_CACHED_DATA))
        region.length = 0;
    else if (region.length > size - region.file_offset)
        region.length = size - region.file_offset;
    bool any = region.length > 0;
    bool fits = request->body.ioctl.max_output_response >=
                TB_FILE_REGION_HEADER_LENGTH + TB_FILE_REGION_LENGTH;
    const size_t room = TB_FILE_REGION_HEADER_LENGTH + TB_FILE_REGION_LENGTH;
    uint8_t *memory = tb_request_alloc(request, room);
    struct tb_writer w = tb_writer(memory, memory ? room : 0);
    tb_file_regions_header_encode(&w, any, any && fits);
    if (any && fits)
        tb_file_region_encode(&w, &region);
    tb_fsctl_answer(request, &w,
                    w.failed       ? TB_NO_MEMORY
                    : any && !fits ? TB_BUFFER_OVERFLOW
                                   : TB_OK);
}

void tb_fsctl_query_file_regions(struct tb_task *task)
{
    struct tb_request *request = tb_request_of(task);
    const struct tb_open *open = request->open;
    struct tb_file_region asked;
    enum tb_error error = tb_file_region_request_decode(request->body.ioctl.input, &asked);
    if (!error && (open->directory || asked.file_offset > INT64_MAX ||
                   asked.length > INT64_MAX - asked.file_offset || asked.usage == 0))
        error = TB_INVALID_PARAMETER;
    if (error) {
        tb_request_finish(request, error);
        return;
    }
    tb_task_prepare(task, open->share->exporter, TB_CALL_GET_ATTRIBUTES,
                    tb_request_credentials(request), open->handle);
    tb_task_call(task, size_known);
}
