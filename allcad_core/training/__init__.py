"""Training: queues of (model, task, protocol, fold) that resume, and leave one small result file a fold."""
