// SPDX-License-Identifier: GPL-2.0
// For tests alone: a PMU named `power` and powercap zones whose counters follow the kernel's clock, so that the joules of
// a window are known: watts times seconds.
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/powercap.h>

static uint watts = 10;
module_param(watts, uint, 0644);
MODULE_PARM_DESC(watts, "what each counter counts");
static uint watts_of_second = 0;
module_param(watts_of_second, uint, 0644);
MODULE_PARM_DESC(watts_of_second, "what package-1, and events on CPU 1, count; 0: the counter of package-0 once more");
static uint events = 1;
module_param(events, uint, 0444);
MODULE_PARM_DESC(events, "bits: 1 energy-pkg, 2 energy-cores, 4 energy-ram, 8 energy-psys");
static char *cpus = "0";
module_param(cpus, charp, 0444);
MODULE_PARM_DESC(cpus, "the PMU's cpumask");
static uint zones = 1;
module_param(zones, uint, 0444);
MODULE_PARM_DESC(zones, "bits: 1 package-0, 2 package-0/core, 4 package-1, 8 psys");
static ulong wrap_uj = 65712999613UL;
module_param(wrap_uj, ulong, 0444);
MODULE_PARM_DESC(wrap_uj, "range of the zones in microjoules");
static ulong back_ms = 0;
module_param(back_ms, ulong, 0644);
MODULE_PARM_DESC(back_ms, "sets the counters' clock back by so many milliseconds: a reset");
static bool frozen = 0;
module_param(frozen, bool, 0644);
MODULE_PARM_DESC(frozen, "stops the counters");
static bool migrate = 0;
module_param(migrate, bool, 0444);
MODULE_PARM_DESC(migrate, "moves events to another CPU when theirs goes offline, as the real driver does");

static int hotplug_state = -1;

static u64 nanoseconds(void)
{
	static u64 last;

	if (!frozen)
		last = ktime_get_ns() - (u64)back_ms * 1000000ULL;
	return last;
}

static u64 watts_at(bool second)
{
	return second && watts_of_second ? watts_of_second : watts;
}

static u64 count_of(struct perf_event *event)
{
	return mul_u64_u64_div_u64(nanoseconds(), watts_at(event->cpu == 1) << 32, 1000000000ULL);
}

static struct pmu power;

static int event_init(struct perf_event *event)
{
	u64 config = event->attr.config & 0xff;
	uint bit = config == 2 ? 1 : config == 1 ? 2 : config == 3 ? 4 : config == 5 ? 8 : 0;

	if (event->attr.type != power.type)
		return -ENOENT;
	if (event->attr.sample_period || event->cpu < 0 || !(events & bit))
		return -EINVAL;
	return 0;
}

static void event_update(struct perf_event *event)
{
	u64 now = count_of(event);

	local64_add(now - local64_xchg(&event->hw.prev_count, now), &event->count);
}

static void event_start(struct perf_event *event, int flags)
{
	local64_set(&event->hw.prev_count, count_of(event));
	event->hw.state = 0;
}

static void event_stop(struct perf_event *event, int flags)
{
	if (event->hw.state & PERF_HES_STOPPED)
		return;
	event->hw.state |= PERF_HES_STOPPED;
	if (flags & PERF_EF_UPDATE)
		event_update(event);
}

static int event_add(struct perf_event *event, int flags)
{
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
	if (flags & PERF_EF_START)
		event_start(event, 0);
	return 0;
}

static void event_del(struct perf_event *event, int flags)
{
	event_stop(event, PERF_EF_UPDATE);
}

PMU_FORMAT_ATTR(event, "config:0-7");
static struct attribute *formats[] = { &format_attr_event.attr, NULL };
static struct attribute_group format_group = { .name = "format", .attrs = formats };

#define EVENT(name, id, config)                                                   \
	PMU_EVENT_ATTR_STRING(energy-name, id##_event, "event=" config);              \
	PMU_EVENT_ATTR_STRING(energy-name.unit, id##_unit, "Joules");                 \
	PMU_EVENT_ATTR_STRING(energy-name.scale, id##_scale, "2.3283064365386962890625e-10");
EVENT(pkg, package, "0x02")
EVENT(cores, cores, "0x01")
EVENT(ram, ram, "0x03")
EVENT(psys, psys, "0x05")
static struct attribute *event_files[13];
static struct attribute_group event_group = { .name = "events", .attrs = event_files };

static ssize_t cpumask_show(struct device *device, struct device_attribute *attribute, char *buffer)
{
	return sprintf(buffer, "%s\n", cpus);
}
static DEVICE_ATTR_RO(cpumask);
static struct attribute *masks[] = { &dev_attr_cpumask.attr, NULL };
static struct attribute_group mask_group = { .attrs = masks };
static const struct attribute_group *groups[] = { &format_group, &event_group, &mask_group, NULL };

static struct powercap_control_type *control_type;
static struct powercap_zone *zone[4];

static int get_energy_uj(struct powercap_zone *of, u64 *value)
{
	div64_u64_rem(div_u64(nanoseconds() * watts_at(of == zone[2]), 1000), wrap_uj + 1, value);
	return 0;
}

static int get_max_energy_range_uj(struct powercap_zone *of, u64 *value)
{
	*value = wrap_uj;
	return 0;
}

static int release(struct powercap_zone *of)
{
	return 0;
}
static const struct powercap_zone_ops zone_ops = {
	.get_energy_uj = get_energy_uj,
	.get_max_energy_range_uj = get_max_energy_range_uj,
	.release = release,
};

static int get_constraint(struct powercap_zone *of, int id, u64 *value)
{
	*value = 0;
	return 0;
}

static int set_constraint(struct powercap_zone *of, int id, u64 value)
{
	return 0;
}
static const struct powercap_zone_constraint_ops constraint_ops = {
	.get_power_limit_uw = get_constraint,
	.set_power_limit_uw = set_constraint,
	.get_time_window_us = get_constraint,
	.set_time_window_us = set_constraint,
};

static int cpu_goes_offline(uint cpu)
{
	int other = cpumask_any_but(cpu_online_mask, cpu);

	if (other < nr_cpu_ids)
		perf_pmu_migrate_context(&power, cpu, other);
	return 0;
}

static void show(int *files, struct attribute *event, struct attribute *unit, struct attribute *scale)
{
	event_files[(*files)++] = event;
	event_files[(*files)++] = unit;
	event_files[(*files)++] = scale;
}

static int __init fakepower_init(void)
{
	static const char *const names[] = { "package-0", "core", "package-1", "psys" };
	int files = 0, number, failed;

	if (events & 1)
		show(&files, &package_event.attr.attr, &package_unit.attr.attr, &package_scale.attr.attr);
	if (events & 2)
		show(&files, &cores_event.attr.attr, &cores_unit.attr.attr, &cores_scale.attr.attr);
	if (events & 4)
		show(&files, &ram_event.attr.attr, &ram_unit.attr.attr, &ram_scale.attr.attr);
	if (events & 8)
		show(&files, &psys_event.attr.attr, &psys_unit.attr.attr, &psys_scale.attr.attr);
	power = (struct pmu){
		.module = THIS_MODULE,
		.task_ctx_nr = perf_invalid_context,
		.attr_groups = groups,
		.event_init = event_init,
		.add = event_add,
		.del = event_del,
		.start = event_start,
		.stop = event_stop,
		.read = event_update,
		.capabilities = PERF_PMU_CAP_NO_EXCLUDE,
	};
	if (events) {
		failed = perf_pmu_register(&power, "power", -1);
		if (failed)
			return failed;
	}
	if (migrate && events)
		hotplug_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "fakepower:online", NULL, cpu_goes_offline);
	if (zones) {
		control_type = powercap_register_control_type(NULL, "intel-rapl", NULL);
		if (IS_ERR(control_type))
			control_type = NULL;
	}
	for (number = 0; control_type && number < 4; number++) {
		if (!(zones >> number & 1))
			continue;
		zone[number] = powercap_register_zone(NULL, control_type, names[number], number == 1 ? zone[0] : NULL,
						      &zone_ops, 1, &constraint_ops);
		if (IS_ERR(zone[number]))
			zone[number] = NULL;
	}
	return 0;
}

static void __exit fakepower_exit(void)
{
	int number;

	if (hotplug_state > 0)
		cpuhp_remove_state_nocalls(hotplug_state);
	for (number = 3; number >= 0; number--)
		if (zone[number])
			powercap_unregister_zone(control_type, zone[number]);
	if (control_type)
		powercap_unregister_control_type(control_type);
	if (events)
		perf_pmu_unregister(&power);
}

module_init(fakepower_init);
module_exit(fakepower_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Energy counters with a known power, for tests");
