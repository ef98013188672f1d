/* Stands in for NVIDIA's library on a machine without a GPU: it tells what a file says, whose path is in STAND_IN_GPUS.

   Each line is "gpu MEMORY_MB NAME", "process PID GPU MB", which holds for as long as that process lives, or
   "stuck PID GPU MB", which holds in any case. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GPUS_MAX 8
#define LINE_MAX_BYTES 256
#define MEGABYTE (1024ULL * 1024ULL)

enum { SUCCESS = 0, INSUFFICIENT_SIZE = 7, UNKNOWN = 999 };

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned pid; unsigned long long used; unsigned instance, compute; } process_t;

static char numbers[GPUS_MAX];

static int gpu(int wanted, unsigned long long *memory_mb, char *name) {
    char line[LINE_MAX_BYTES];
    FILE *file = fopen(getenv("STAND_IN_GPUS"), "r");
    int count = 0;
    while (file && fgets(line, sizeof line, file)) {
        unsigned long long megabytes;
        char words[LINE_MAX_BYTES];
        if (sscanf(line, "gpu %llu %[^\n]", &megabytes, words) != 2) continue;
        if (count++ != wanted) continue;
        *memory_mb = megabytes;
        strcpy(name, words);
    }
    if (file) fclose(file);
    return count;
}

int nvmlInitWithFlags(unsigned flags) { (void)flags; return getenv("STAND_IN_GPUS") ? SUCCESS : UNKNOWN; }

int nvmlDeviceGetCount_v2(unsigned *count) {
    unsigned long long memory_mb;
    char name[LINE_MAX_BYTES];
    *count = (unsigned)gpu(-1, &memory_mb, name);
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) { *handle = &numbers[index]; return SUCCESS; }

static int number_of(void *handle) { return (int)((char *)handle - numbers); }

int nvmlDeviceGetName(void *handle, char *name, unsigned size) {
    unsigned long long memory_mb;
    (void)size;
    gpu(number_of(handle), &memory_mb, name);
    return SUCCESS;
}

int nvmlDeviceGetUUID(void *handle, char *id, unsigned size) {
    snprintf(id, size, "GPU-%d000-0000", number_of(handle));
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(void *handle, memory_t *memory) {
    unsigned long long memory_mb = 0;
    char name[LINE_MAX_BYTES];
    gpu(number_of(handle), &memory_mb, name);
    memory->total = memory->free = memory_mb * MEGABYTE;
    memory->used = 0;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count, process_t *found) {
    char line[LINE_MAX_BYTES], kind[LINE_MAX_BYTES];
    FILE *file = fopen(getenv("STAND_IN_GPUS"), "r");
    unsigned room = *count, pid, number, there = 0;
    unsigned long long megabytes;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%s %u %u %llu", kind, &pid, &number, &megabytes) != 4) continue;
        if ((int)number != number_of(handle)) continue;
        if (strcmp(kind, "stuck") && (strcmp(kind, "process") || kill((int)pid, 0))) continue;
        if (there < room) found[there] = (process_t){pid, megabytes * MEGABYTE, 0, 0};
        there++;
    }
    if (file) fclose(file);
    *count = there;
    return there > room ? INSUFFICIENT_SIZE : SUCCESS;
}
