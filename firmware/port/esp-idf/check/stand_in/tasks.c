/* FreeRTOS's tasks as threads of which one runs at a time, and a clock that jumps to whoever waits least. */
#include <pthread.h>
#include <stdlib.h>

#include "esp_timer.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "world.h"

enum { TASKS = 8, MICROSECONDS = 1000000, TICK_MICROSECONDS = MICROSECONDS / configTICK_RATE_HZ };

typedef struct check_task {
    TaskFunction_t code;
    void *context;
    int64_t due;
    int is_over;
    pthread_t thread;
    pthread_cond_t turn;
} task;

struct check_semaphore {
    const task *holder;
};

static task tasks[TASKS];
static unsigned task_count;
static task *running;
static int64_t now, end;
/* Held by the task that runs. */
static pthread_mutex_t baton = PTHREAD_MUTEX_INITIALIZER;

int64_t tasks_microseconds(void) { return now; }

/* Reading the clock takes time, so that a loop that asks it ends. */
int64_t esp_timer_get_time(void) { return now++; }

static task *next_task(void) {
    task *next = NULL;
    for (unsigned i = 0; i < task_count; i++)
        if (!tasks[i].is_over && (next == NULL || tasks[i].due < next->due)) next = &tasks[i];
    return next;
}

/* Hands the baton to whoever is due first, and waits for it unless the task is over. */
static void give_way(task *self) {
    running = next_task();
    if (running == NULL || running->due >= end) world_end(WORLD_OVER);
    if (running->due > now) now = running->due;
    if (running != self) pthread_cond_signal(&running->turn);
    while (running != self && !self->is_over) pthread_cond_wait(&self->turn, &baton);
}

static void *run_task(void *argument) {
    task *self = argument;
    pthread_mutex_lock(&baton);
    while (running != self) pthread_cond_wait(&self->turn, &baton);
    self->code(self->context);
    self->is_over = 1;
    give_way(self);
    pthread_mutex_unlock(&baton);
    return NULL;
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *name, uint32_t stack_bytes, void *context,
                       UBaseType_t priority, TaskHandle_t *created) {
    (void)name, (void)stack_bytes, (void)priority;
    if (task_count == TASKS) return 0;
    task *fresh = &tasks[task_count++];
    *fresh      = (task){.code = code, .context = context, .due = now};
    if (pthread_cond_init(&fresh->turn, NULL) != 0) return 0;
    if (pthread_create(&fresh->thread, NULL, run_task, fresh) != 0) return 0;
    if (created != NULL) *created = fresh;
    return pdPASS;
}

void vTaskDelay(TickType_t ticks) {
    task *self = running;
    self->due  = now + (int64_t)ticks * TICK_MICROSECONDS;
    give_way(self);
}

SemaphoreHandle_t xSemaphoreCreateMutex(void) { return calloc(1, sizeof(struct check_semaphore)); }

/* A task that waits for a mutex of its own waits for ever: a watchdog would tell. */
BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks) {
    if (ticks != portMAX_DELAY || semaphore->holder == running) world_end(WORLD_PANIC);
    while (semaphore->holder != NULL) vTaskDelay(1);
    semaphore->holder = running;
    return pdPASS;
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore) {
    if (semaphore->holder != running) world_end(WORLD_PANIC);
    semaphore->holder = NULL;
    return pdPASS;
}

void vSemaphoreDelete(SemaphoreHandle_t semaphore) { free(semaphore); }

static void start(void *context) {
    (void)context;
    app_main();
}

void tasks_run(uint32_t seconds) {
    end = (int64_t)seconds * MICROSECONDS;
    pthread_mutex_lock(&baton);
    if (xTaskCreate(start, "main", 0, NULL, 1, NULL) != pdPASS) world_end(WORLD_PANIC);
    running = &tasks[0];
    pthread_mutex_unlock(&baton);
    pthread_cond_signal(&tasks[0].turn);
    (void)pthread_join(tasks[0].thread, NULL);
    for (;;) pthread_exit(NULL);
}
