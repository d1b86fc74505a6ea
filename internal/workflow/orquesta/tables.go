package orquesta

// taskTable is what can happen to a task.
const taskTable = `
null:
	→requested action_requested
	→scheduled action_scheduled
	→delayed action_delayed
	→running action_running
	→pending action_pending
	→succeeded task_continue_requested task_noop_requested
	→failed task_fail_requested
requested:
	→scheduled action_scheduled
	→delayed action_delayed
	→running action_running
	→pending action_pending
	→pausing action_pausing
	→paused action_paused
	→canceling action_canceling
	→canceled action_canceled
	→failed action_failed
	→timeout action_timeout
	→abandoned action_abandoned
scheduled:
	→delayed action_delayed
	→running action_running
	→pending action_pending
	→pausing action_pausing
	→paused action_paused
	→canceling action_canceling
	→canceled action_canceled
	→failed action_failed
	→timeout action_timeout
	→abandoned action_abandoned
delayed:
	→scheduled action_scheduled
	→running action_running
	→pending action_pending
	→pausing action_pausing
	→paused action_paused
	→canceling action_canceling
	→canceled action_canceled
	→failed action_failed
	→timeout action_timeout
	→abandoned action_abandoned
running:
	→running action_running action_succeeded/A[incomplete] action_succeeded/D[incomplete]
	→pending action_pending
	→pausing action_pending/A[incomplete] action_pausing action_paused/A[incomplete] workflow_pausing/A[incomplete] workflow_paused/A[incomplete]
	→paused action_pending/D[paused,incomplete,completed] action_paused action_paused/D[paused,incomplete,completed] action_succeeded/D[paused] workflow_pausing/D[incomplete] workflow_paused/D[incomplete]
	→canceled action_pending/D[canceled] action_paused/D[canceled] action_canceled action_canceled/D[paused,canceled,failed,incomplete,completed] action_failed/D[canceled] action_timeout/D[canceled] action_abandoned/D[canceled] action_succeeded/D[canceled] workflow_canceling/D[incomplete] workflow_canceled/D[incomplete]
	→failed action_pending/D[failed] action_paused/D[failed] action_failed action_failed/D[paused,failed,incomplete,completed] action_timeout action_timeout/D[paused,failed,incomplete,completed] action_abandoned action_abandoned/D[paused,failed,incomplete,completed] action_succeeded/D[failed]
	→canceling action_canceling action_canceled/A[incomplete] workflow_canceling/A[incomplete] workflow_canceled/A[incomplete]
	→succeeded action_succeeded action_succeeded/D[completed]
pending:
	→canceled action_canceled
	→failed action_failed action_timeout action_abandoned
	→succeeded action_succeeded
pausing:
	→paused action_pending/D[paused,incomplete,completed] action_paused action_paused/D[paused,incomplete,completed] action_succeeded/D[paused,incomplete]
	→canceled action_pending/D[canceled] action_paused/D[canceled] action_canceled action_canceled/D[paused,canceled,failed,incomplete,completed] action_failed/D[canceled] action_timeout/D[canceled] action_abandoned/D[canceled] action_succeeded/D[canceled]
	→failed action_pending/D[failed] action_paused/D[failed] action_failed action_failed/D[paused,failed,incomplete,completed] action_timeout action_timeout/D[paused,failed,incomplete,completed] action_abandoned action_abandoned/D[paused,failed,incomplete,completed] action_succeeded/D[failed]
	→resuming action_resuming
	→canceling action_canceling
	→succeeded action_succeeded/D[completed]
paused:
	→running action_running
	→resuming action_resuming
	→canceling action_canceling
	→canceled action_canceled
resuming:
	→running action_running
	→canceling action_canceling
	→canceled action_canceled
retrying:
	→running action_running
	→canceling action_canceling
	→canceled action_canceled workflow_canceling workflow_canceled
canceling:
	→canceled action_pending/D[paused,canceled,failed,incomplete,completed] action_paused action_paused/D[paused,canceled,failed,incomplete,completed] action_canceled action_canceled/D[paused,canceled,failed,incomplete,completed] action_failed/D[paused,canceled,failed,incomplete,completed] action_timeout/D[paused,canceled,failed,incomplete,completed] action_abandoned/D[paused,canceled,failed,incomplete,completed] action_succeeded/D[paused,canceled,failed,incomplete]
	→failed action_failed action_timeout action_abandoned
	→succeeded action_succeeded/D[completed]
canceled:
succeeded:
	→retrying task_retry_requested
failed:
	→retrying task_retry_requested
`

// workflowTable is what can happen to a workflow.
const workflowTable = `
null:
	→requested workflow_requested
	→scheduled workflow_scheduled
	→delayed workflow_delayed
	→running workflow_running
	→failed workflow_failed
requested:
	→scheduled workflow_scheduled
	→delayed workflow_delayed
	→running workflow_running
	→paused workflow_pausing/D workflow_paused/D
	→canceled workflow_canceling/D workflow_canceled/D
	→failed workflow_failed
scheduled:
	→delayed workflow_delayed
	→running workflow_running
	→paused workflow_pausing/D workflow_paused/D
	→canceled workflow_canceling/D workflow_canceled/D
	→failed workflow_failed
delayed:
	→scheduled workflow_scheduled
	→running workflow_running
	→paused workflow_pausing/D workflow_paused/D
	→canceled workflow_canceling/D workflow_canceled/D
	→failed workflow_failed
running:
	→pausing workflow_pausing/A workflow_paused/A task_pending/A task_succeeded/A[paused] task_remediated/A[paused]
	→paused workflow_pausing/D workflow_paused/D task_pending/D task_paused/D task_succeeded/D[paused] task_remediated/D[paused]
	→canceling workflow_canceling/A workflow_canceled/A task_succeeded/A[canceled] task_remediated/A[canceled] task_canceling task_canceled/A
	→canceled workflow_canceling/D workflow_canceled/D task_succeeded/D[canceled] task_remediated/D[canceled] task_canceled/D
	→failed workflow_failed task_failed/A task_failed/D
	→succeeded workflow_succeeded task_succeeded/D[completed] task_remediated/D[completed]
	→running task_pausing task_paused/A task_succeeded/A[incomplete,completed] task_succeeded/D[incomplete] task_remediated/A[incomplete,completed] task_remediated/D[incomplete]
pausing:
	→pausing workflow_pausing/A workflow_paused/A task_pending/A task_paused/A task_succeeded/A[incomplete,completed,paused,canceled] task_remediated/A[incomplete,completed,paused] task_retrying/A
	→paused workflow_pausing/D workflow_paused/D task_pending/D task_paused/D task_succeeded/D[incomplete,completed,paused] task_remediated/D[incomplete,completed,paused] task_retrying/D
	→canceling workflow_canceling/A workflow_canceled/A task_remediated/A[canceled] task_canceling task_canceled/A
	→canceled workflow_canceling/D workflow_canceled/D task_succeeded/D[canceled] task_remediated/D[canceled] task_canceled/D
	→running workflow_running
	→resuming workflow_resuming
	→failed workflow_failed task_failed/A task_failed/D
paused:
	→running workflow_running task_running task_resuming
	→succeeded workflow_running_workflow_completed workflow_resuming_workflow_completed
	→resuming workflow_resuming
	→canceled workflow_canceling/D workflow_canceled/D
	→failed workflow_failed
resuming:
	→pausing workflow_pausing/A workflow_paused/A task_pending/A
	→paused workflow_pausing/D workflow_paused/D task_pending/D task_succeeded/D[paused] task_remediated/D[paused]
	→canceling workflow_canceling/A workflow_canceled/A task_canceling task_canceled/A
	→canceled workflow_canceling/D workflow_canceled/D task_succeeded/D[canceled] task_remediated/D[canceled] task_canceled/D
	→running workflow_running task_running task_succeeded/A[incomplete,completed] task_succeeded/D[incomplete] task_remediated/A[incomplete,completed] task_remediated/D[incomplete]
	→failed workflow_failed task_failed/A task_failed/D
	→succeeded task_succeeded/D[completed] task_remediated/D[completed]
canceling:
	→canceling workflow_canceling/A workflow_canceled/A task_pending/A task_paused/A task_succeeded/A[incomplete,completed] task_failed/A task_remediated/A[incomplete,completed] task_canceled/A task_retrying/A
	→canceled workflow_canceling/D workflow_canceled/D task_pending/D task_paused/D task_succeeded/D[incomplete,completed,paused,canceled] task_failed/D task_remediated/D[incomplete,completed,paused,canceled] task_canceled/D task_retrying/D
	→failed workflow_failed
canceled:
succeeded:
	→failed workflow_failed
failed:
`
